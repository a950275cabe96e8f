// Who is signed in, and what becomes of the choice when that ends.

import { expect, test } from './fixtures'
import { namePassengers, PASSWORD, pressHold, signUp, takeBestSeats, takeTrip, THREE_COMPANIES } from './steps'

test('a session that ends keeps the choice, and a new one goes on with it', async ({ visitor: page }) => {
  await page.goto('/')
  await page.getByRole('button', { name: 'Entrar' }).click()
  const login = await signUp(page)
  await takeTrip(page, THREE_COMPANIES)
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])

  // a token that the server does not take, as after its 15 minutes
  await page.evaluate(() => {
    const kept = JSON.parse(sessionStorage.getItem('passcom.session') ?? '{}') as { token: string }
    kept.token = `${kept.token.slice(0, -8)}AAAAAAAA`
    sessionStorage.setItem('passcom.session', JSON.stringify(kept))
  })
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
  await page.goto('/')
  await page.getByRole('button', { name: 'Entrar' }).click()
  await signUp(page)
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
  await page.getByRole('button', { name: `Conta de ${login}` }).click()
  await page.getByRole('menuitem', { name: 'Sair' }).click()
  await expect(page.getByText('Nenhuma viagem escolhida')).toBeVisible()
  const renewed = page.waitForResponse('**/renovar')
  left.abort()
  await (await renewed).finished()

  await expect(page.getByRole('button', { name: 'Entrar' })).toBeVisible()
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))
  expect(kept).not.toContain('Ana')
  expect(kept).not.toContain(login)
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
  await page.goto('/')
  await page.getByRole('button', { name: 'Entrar' }).click()
  const login = await signUp(page)
  await page.getByRole('button', { name: `Conta de ${login}` }).click()
  await page.getByRole('menuitem', { name: 'Sair' }).click()

  await page.getByRole('button', { name: 'Entrar' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Usuário').fill(login)
  await dialog.getByLabel('Senha').fill('outra senha')
  await dialog.getByRole('button', { name: 'Entrar' }).click()
  await expect(dialog.getByRole('alert')).toContainText('Usuário ou senha incorretos.')
  await dialog.getByRole('button', { name: 'Criar conta' }).click()
  await dialog.getByRole('button', { name: 'Criar conta' }).click()
  await expect(dialog.getByRole('alert')).toContainText('Este usuário já existe.')
})
