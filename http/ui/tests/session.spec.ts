// Who is signed in, and what becomes of the choice when that ends.

import type { Page } from '@playwright/test'

import { expect, test } from './fixtures'
import {
  chooseOfAccount,
  namePassengers,
  PASSWORD,
  pressHold,
  signUp,
  takeBestSeats,
  takeTrip,
  THREE_COMPANIES,
} from './steps'

/** Opens the page and makes an account there. */
async function newAccount(page: Page): Promise<string> {
  await page.goto('/')
  await page.getByRole('button', { name: 'Entrar' }).click()
  return signUp(page)
}

/** Signs in at a page that is signed out. */
async function signIn(page: Page, login: string, password: string): Promise<void> {
  await page.getByRole('button', { name: 'Entrar' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Usuário').fill(login)
  await dialog.getByLabel('Senha').fill(password)
  await dialog.getByRole('button', { name: 'Entrar' }).click()
}

/** The same account in another browser. */
async function onAnotherDevice(newVisitor: () => Promise<Page>, login: string): Promise<Page> {
  const other = await newVisitor()
  await other.goto('/')
  await signIn(other, login, PASSWORD)
  await expect(other.getByRole('dialog')).toBeHidden()
  return other
}

test('a session that ends keeps the choice, and a new one goes on with it', async ({ visitor: page }) => {
  const login = await newAccount(page)
  await takeTrip(page, THREE_COMPANIES)
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])

  // no token that the server takes, as after its 15 minutes
  await page.context().clearCookies()
  // so that the hold is the first that needs it
  await page.route('**/retencoes', (route) =>
    route.request().method() === 'GET' ? route.fulfill({ json: { retencoes: [] } }) : route.continue(),
  )
  await page.route('**/conta/passageiros', (route) => route.fulfill({ json: { passageiros: [] } }))
  await page.reload()
  await pressHold(page)
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('Sua sessão terminou')
  await expect(dialog.getByLabel('Usuário')).toHaveValue(login)
  await dialog.getByLabel('Senha').fill(PASSWORD)
  await dialog.getByRole('button', { name: 'Entrar' }).click()
  await expect(page.getByRole('timer')).toBeVisible()
})

test('a token is renewed before it ends', async ({ visitor: page }) => {
  await page.clock.install()
  await newAccount(page)
  const renewed = page.waitForResponse((response) => response.url().endsWith('/renovar') && response.ok())
  await page.clock.fastForward('12:00')
  await renewed
})

test('who signs out leaves nothing behind, and is not signed in again', async ({ visitor: page }) => {
  await page.clock.install()
  await takeTrip(page, THREE_COMPANIES)
  await namePassengers(page, ['Ana Conceição'])
  await page.getByRole('button', { name: 'Entrar' }).click()
  const login = await signUp(page)

  // the token is renewed while its owner leaves
  const left = new AbortController()
  await page.route('**/renovar', async (route) => {
    const response = await route.fetch()
    await new Promise((resolve) => left.signal.addEventListener('abort', resolve))
    await route.fulfill({ response })
  })
  const asked = page.waitForRequest('**/renovar')
  await page.clock.fastForward('12:00')
  await asked
  await chooseOfAccount(page, login, 'Sair')
  await expect(page.getByText('Nenhuma viagem escolhida')).toBeVisible()
  const renewed = page.waitForResponse('**/renovar')
  left.abort()
  await (await renewed).finished()

  await expect(page.getByRole('button', { name: 'Entrar' })).toBeVisible()
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))
  expect(kept).not.toContain('Ana')
  expect(kept).not.toContain(login)
})

test('a ticket opens in another tab without signing in again, and signing out there is signing out here', async ({
  visitor: page,
}) => {
  await page.goto('/')
  await page.getByRole('button', { name: 'Entrar' }).click()
  const login = await signUp(page)
  const script = await page.evaluate(() =>
    JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]),
  )
  expect(script).not.toMatch(/eyJ[\w-]+\./)

  const other = await page.context().newPage()
  await other.goto(new URL('/#/passagens', page.url()).href)
  await expect(other.getByText('Nenhuma passagem ainda')).toBeVisible()
  await chooseOfAccount(other, login, 'Sair')
  await expect(page.getByRole('button', { name: 'Entrar' })).toBeVisible()
  await expect.poll(async () => (await page.context().cookies()).length).toBe(0)
})

test('a browser that keeps nothing shows the page all the same', async ({ visitor: page }) => {
  await page.addInitScript(() => {
    for (const name of ['sessionStorage', 'localStorage']) {
      Object.defineProperty(window, name, {
        get: () => {
          throw new DOMException('forbidden', 'SecurityError')
        },
      })
    }
  })
  await takeTrip(page, THREE_COMPANIES)
})

test('a wrong password is said, and so is a login that is taken', async ({ visitor: page }) => {
  const login = await newAccount(page)
  await chooseOfAccount(page, login, 'Sair')

  await signIn(page, login, 'outra senha')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('alert')).toContainText('Usuário ou senha incorretos.')
  await dialog.getByRole('button', { name: 'Criar conta' }).click()
  await dialog.getByRole('button', { name: 'Criar conta' }).click()
  await expect(dialog.getByRole('alert')).toContainText('Este usuário já existe.')
})

test('a password is changed: other devices have to sign in again, with the new one', async ({
  visitor: page,
  newVisitor,
}) => {
  const login = await newAccount(page)
  const other = await onAnotherDevice(newVisitor, login)

  await chooseOfAccount(page, login, 'Trocar senha')
  const dialog = page.getByRole('dialog')
  const change = dialog.getByRole('button', { name: 'Trocar senha' })
  const fill = async (present: string, next: string, repeated = next) => {
    await dialog.getByLabel('Senha atual').fill(present)
    await dialog.getByLabel('Nova senha', { exact: true }).fill(next)
    await dialog.getByLabel('Repita a nova senha').fill(repeated)
    await change.click()
  }
  await fill(PASSWORD, 'curta')
  await expect(dialog.getByText('De 8 a 128 caracteres.')).toBeVisible()
  await fill(PASSWORD, 'outra senha boa', 'outra senha')
  await expect(dialog.getByText('As duas não são iguais.')).toBeVisible()
  await fill('não é esta', 'outra senha boa')
  await expect(dialog.getByRole('alert')).toContainText('A senha atual não está correta.')
  await fill(PASSWORD, 'outra senha boa')
  await expect(dialog.getByText('Senha trocada.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Fechar' }).last().click()

  // this device goes on
  await page.getByRole('link', { name: 'Minhas passagens' }).click()
  await expect(page.getByText('Nenhuma passagem ainda')).toBeVisible()
  // the other does not, and the old password is none
  await other.goto('/#/passagens')
  await expect(other.getByRole('dialog')).toContainText('Sua sessão terminou')
  const again = other.getByRole('dialog')
  await again.getByLabel('Senha').fill(PASSWORD)
  await again.getByRole('button', { name: 'Entrar' }).click()
  await expect(again.getByRole('alert')).toContainText('Usuário ou senha incorretos.')
  await again.getByLabel('Senha').fill('outra senha boa')
  await again.getByRole('button', { name: 'Entrar' }).click()
  await expect(other.getByText('Nenhuma passagem ainda')).toBeVisible()
})

test('who signs out on all devices is signed out on all, and the password stays', async ({
  visitor: page,
  newVisitor,
}) => {
  const login = await newAccount(page)
  const other = await onAnotherDevice(newVisitor, login)

  await chooseOfAccount(page, login, 'Sair de todos os aparelhos')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Senha atual').fill('não é esta')
  await dialog.getByRole('button', { name: 'Sair de todos os aparelhos' }).click()
  await expect(dialog.getByRole('alert')).toContainText('A senha atual não está correta.')
  await dialog.getByLabel('Senha atual').fill(PASSWORD)
  await dialog.getByRole('button', { name: 'Sair de todos os aparelhos' }).click()
  await expect(dialog.getByText('Todas as sessões foram encerradas.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Fechar' }).last().click()
  await expect(page.getByRole('button', { name: 'Entrar' })).toBeVisible()

  await other.goto('/#/passagens')
  await expect(other.getByRole('dialog')).toContainText('Sua sessão terminou')
  await signIn(page, login, PASSWORD)
  await expect(page.getByRole('button', { name: `Conta de ${login}` })).toBeVisible()
})
