// A password that was forgotten, and the mail that brings another one.

import { randomUUID } from 'node:crypto'

import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'

import { Demo } from './demo'
import { expect, test as base } from './fixtures'
import { Mailbox, type Letter } from './mailbox'
import {
  chooseOfAccount,
  inDays,
  namePassengers,
  ONE_COMPANY,
  PASSWORD,
  pressHold,
  signUp,
  takeBestSeats,
  takeTrip,
} from './steps'

/** Ports beyond those of the clusters of the other tests. */
const OWN = 6
const NEW_PASSWORD = 'outra senha boa'

// a cluster of its own: in it the first company sends mail, and the others do not
const test = base.extend<object, { demo: Demo; mailbox: Mailbox }>({
  mailbox: [
    async ({}, use) => {
      const mailbox = await Mailbox.open()
      await use(mailbox)
      mailbox.close()
    },
    { scope: 'worker' },
  ],
  demo: [
    async ({ mailbox }, use) => {
      const demo = await Demo.start(OWN)
      await demo.sendMail('a', mailbox.port)
      await use(demo)
      await demo.stop()
    },
    { scope: 'worker', timeout: 360_000 },
  ],
})

const newAddress = () => `${randomUUID().slice(0, 13)}@example.com`

/** Makes an account of the page's company, where nobody is signed in. */
async function newAccount(page: Page, address = ''): Promise<string> {
  await page.getByRole('button', { name: 'Entrar' }).click()
  return signUp(page, address)
}

/** Has mail of this account go there. */
async function keepAddress(page: Page, login: string, address: string): Promise<void> {
  await chooseOfAccount(page, login, 'E-mail da conta')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('E-mail', { exact: true }).fill(address)
  await dialog.getByLabel('Senha atual').fill(PASSWORD)
  await dialog.getByRole('button', { name: 'Salvar' }).click()
  await expect(dialog.getByText('E-mail salvo.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Fechar' }).last().click()
}

/** An account that mail can reach, signed out. */
async function reachable(page: Page): Promise<{ login: string; address: string }> {
  await page.goto('/')
  const address = newAddress()
  const login = await newAccount(page, address)
  await chooseOfAccount(page, login, 'Sair')
  await expect(page.getByRole('button', { name: 'Entrar' })).toBeVisible()
  return { login, address }
}

/** As the letter shows it. */
const codeOf = ({ text }: Letter): string => /^ {4}(\d{4} \d{4})$/m.exec(text)?.[1] ?? ''
const wrong = (code: string) => code.replace(/^\d/, (digit) => (digit === '1' ? '2' : '1'))

/** From the dialog that asks to sign in, to the mail. */
async function askForCode(page: Page, login: string): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Usuário').fill(login)
  await dialog.getByRole('link', { name: 'Esqueci minha senha' }).click()
  await expect(page.getByRole('heading', { name: 'Esqueceu a senha?' })).toBeFocused()
  await expect(dialog).toBeHidden()
  await expect(page.getByLabel('Usuário')).toHaveValue(login)
  await page.getByRole('button', { name: 'Pedir código' }).click()
  await expect(page.getByRole('heading', { name: 'Crie uma nova senha' })).toBeFocused()
}

const save = (page: Page) => page.getByRole('button', { name: 'Criar nova senha' })

async function fillIn(page: Page, code: string, next = NEW_PASSWORD, repeated = next): Promise<void> {
  await page.getByLabel('Código').fill(code)
  await page.getByLabel('Nova senha', { exact: true }).fill(next)
  await page.getByLabel('Repita a nova senha').fill(repeated)
  await save(page).click()
}

test('who forgot the password while booking chooses another by a mailed code, and goes on booking', async ({
  visitor: page,
  newVisitor,
  mailbox,
}) => {
  const { login, address } = await reachable(page)
  // a device that knows the old password
  const other = await newVisitor()
  await other.goto('/#/passagens')
  await other.getByRole('main').getByRole('button', { name: 'Entrar' }).click()
  await other.getByRole('dialog').getByLabel('Usuário').fill(login)
  await other.getByRole('dialog').getByLabel('Senha').fill(PASSWORD)
  await other.getByRole('dialog').getByRole('button', { name: 'Entrar' }).click()
  await expect(other.getByText('Nenhuma passagem ainda')).toBeVisible()

  await takeTrip(page, { ...ONE_COMPANY, day: inDays(2) })
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await pressHold(page)
  await askForCode(page, login)
  await expect(page.getByRole('status').filter({ hasText: 'um código está a caminho' })).toBeVisible()
  const letter = await mailbox.letter(address)
  expect(letter.subject).toContain(codeOf(letter))

  // while the mail is looked for, the page is loaded again
  await page.reload()
  await expect(page.getByText('um código está a caminho')).toBeVisible()
  await expect(page.getByLabel('Usuário')).toHaveValue(login)
  const code = page.getByLabel('Código')
  await expect(code).toHaveAttribute('autocomplete', 'one-time-code')
  await expect(code).toHaveAttribute('inputmode', 'numeric')

  // what is not right is said where it is, and leads there
  await save(page).click()
  await expect(code).toBeFocused()
  await expect(code).toHaveAccessibleDescription('O código tem oito números.')
  await fillIn(page, codeOf(letter), 'curta')
  await expect(page.getByLabel('Nova senha', { exact: true })).toBeFocused()
  await fillIn(page, codeOf(letter), NEW_PASSWORD, 'outra senha')
  await expect(page.getByText('As duas não são iguais.')).toBeVisible()
  await fillIn(page, wrong(codeOf(letter)))
  await expect(code).toBeFocused()
  await expect(code).toHaveAccessibleDescription(/^Este código não vale/)
  await fillIn(page, codeOf(letter), 'senha12345')
  await expect(page.getByLabel('Nova senha', { exact: true })).toHaveAccessibleDescription(/fácil de adivinhar/)

  await fillIn(page, ` ${codeOf(letter).replace(' ', ' - ')} `)
  await expect(page.getByRole('heading', { name: 'Nova senha criada' })).toBeFocused()
  await expect(page.getByRole('button', { name: `Conta de ${login}` })).toBeVisible()
  await page.getByRole('button', { name: 'Continuar' }).click()
  await expect(page.getByRole('heading', { name: 'Escolha os assentos' })).toBeFocused()
  await expect(page.getByLabel('Nome completo')).toHaveValue('Ana Conceição')
  await pressHold(page)
  await expect(page.getByRole('timer')).toBeVisible()

  // the old password is none any more, nor is what it opened
  await expect(async () => {
    await other.reload()
    await expect(other.getByRole('dialog')).toContainText('Sua sessão terminou', { timeout: 1000 })
  }).toPass()
  const again = other.getByRole('dialog')
  await again.getByLabel('Senha').fill(PASSWORD)
  await again.getByRole('button', { name: 'Entrar' }).click()
  await expect(again.getByRole('alert')).toContainText('Usuário ou senha incorretos.')
  await again.getByLabel('Senha').fill(NEW_PASSWORD)
  await again.getByRole('button', { name: 'Entrar' }).click()
  await expect(other.getByRole('link', { name: 'Continuar' })).toBeVisible()
})

test('a code is used once, and only the newest one', async ({ visitor: page, mailbox }) => {
  const { login, address } = await reachable(page)
  await page.getByRole('button', { name: 'Entrar' }).click()
  await askForCode(page, login)
  const first = codeOf(await mailbox.letter(address))
  await page.getByRole('link', { name: 'Pedir outro código' }).click()
  await expect(page.getByLabel('Usuário')).toHaveValue(login)
  await page.getByRole('button', { name: 'Pedir código' }).click()
  const second = codeOf(await mailbox.letter(address, 1))
  expect(second).not.toBe(first)
  await fillIn(page, first)
  await expect(page.getByLabel('Código')).toHaveAccessibleDescription(/^Este código não vale/)
  await fillIn(page, second)
  await expect(page.getByRole('heading', { name: 'Nova senha criada' })).toBeFocused()
  await page.getByRole('button', { name: 'Continuar' }).click()
  await expect(page.getByRole('heading', { name: 'Para onde você vai?' })).toBeVisible()

  // who is signed in and gets it wrong stays signed in
  await page.goto('/#/senha/codigo')
  await expect(page.getByLabel('Usuário')).toHaveValue(login)
  await fillIn(page, second)
  await expect(page.getByLabel('Código')).toHaveAccessibleDescription(/^Este código não vale/)
  await expect(page.getByRole('button', { name: `Conta de ${login}` })).toBeVisible()
})

test('a letter leads to where its code is entered, also in a browser that asked for none', async ({
  visitor: page,
  newVisitor,
  mailbox,
  demo,
}) => {
  const { login, address } = await reachable(page)
  await page.getByRole('button', { name: 'Entrar' }).click()
  await askForCode(page, login)
  const letter = await mailbox.letter(address)
  const way = /\S+\/#\/senha\/\S+/.exec(letter.text)?.[0] ?? ''
  expect(way).toBe(`${await demo.base('a')}/#/senha/codigo`)

  const other = await newVisitor()
  await other.goto(new URL(way).hash)
  await expect(other.getByText('Digite o código que você recebeu por e-mail')).toBeVisible()
  await other.getByLabel('Usuário').fill(login)
  await fillIn(other, codeOf(letter))
  await expect(other.getByRole('heading', { name: 'Nova senha criada' })).toBeFocused()
  await other.getByRole('button', { name: 'Continuar' }).click()
  await expect(other.getByRole('heading', { name: 'Para onde você vai?' })).toBeVisible()
})

test('nobody is told whether there is such an account, and how long to wait is said', async ({ visitor: page }) => {
  await page.goto('/')
  const nobody = `ui-${randomUUID().slice(0, 13)}`
  await page.getByRole('button', { name: 'Entrar' }).click()
  await askForCode(page, nobody)
  await expect(page.getByText('Se este usuário existe e tem um e-mail')).toBeVisible()
  for (const _ of ['second', 'third']) {
    await page.getByRole('link', { name: 'Pedir outro código' }).click()
    await page.getByRole('button', { name: 'Pedir código' }).click()
    await expect(page.getByRole('heading', { name: 'Crie uma nova senha' })).toBeFocused()
  }
  await page.getByRole('link', { name: 'Pedir outro código' }).click()
  const ask = page.getByRole('button', { name: 'Pedir código' })
  await ask.click()
  await expect(page.getByRole('alert')).toContainText(/Espere 60 min para pedir outro/)
  await expect(ask).toHaveAttribute('aria-disabled', 'true')
  // another one need not wait
  await page.getByLabel('Usuário').fill('ab')
  await expect(page.getByRole('alert')).toHaveCount(0)
  await ask.click()
  await expect(page.getByLabel('Usuário')).toBeFocused()
  await expect(page.getByLabel('Usuário')).toHaveAccessibleDescription('De 3 a 64 caracteres.')
})

test('the mail says where an account was made, and the page what that means', async ({
  visitor: page,
  mailbox,
  demo,
}) => {
  const login = `ui-${randomUUID().slice(0, 13)}`
  const address = newAddress()
  const post = async (company: string, path: string, body: object) => {
    const headers = { 'content-type': 'application/json', 'accept-language': 'pt-BR' }
    return fetch(`${await demo.base(company)}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  }
  expect((await post('b', '/register-all', { login, password: PASSWORD })).status).toBe(200)
  await expect
    .poll(async () => (await post('a', '/conta/email', { login, password: PASSWORD, email: address })).status)
    .toBe(200)
  await page.goto('/')
  await page.getByRole('button', { name: 'Entrar' }).click()
  await askForCode(page, login)
  const letter = await mailbox.letter(address)
  expect(letter.text).toContain('sua conta foi criada na Beija-Flor')
  // lines of mail are broken anywhere
  expect(letter.text.replace(/=\r?\n/g, '')).toContain(`(${await demo.base('b')}/#/senha)`)
  expect(codeOf(letter)).toBe('')
  const help = page.getByText('Uma senha esquecida só pode ser trocada na companhia em que a conta foi criada')
  await expect(help).toContainText('o e-mail diz qual é')
})

test('a company that sends no mail says so, and one that is away too', async ({ visitor: page }) => {
  const refuse = async (path: string, type: string) =>
    page.route(`**${path}`, (route) =>
      route.fulfill({ status: 503, json: { type: `https://passcom.invalid/problems/${type}`, message: 'x' } }),
    )
  await page.goto('/#/senha')
  await page.getByLabel('Usuário').fill('ana')
  const ask = page.getByRole('button', { name: 'Pedir código' })
  for (const [type, sentence] of [
    ['no-mail', /^Esta companhia não envia e-mails/],
    ['overloaded', /^A companhia não consegue atender agora/],
  ] as const) {
    await refuse('/conta/senha/codigo', type)
    await ask.click()
    await expect(page.getByRole('alert')).toContainText(sentence)
  }
  await page.route('**/conta/senha/codigo', (route) => route.abort())
  await ask.click()
  await expect(page.getByRole('alert').filter({ hasText: 'Não sabemos se o pedido chegou.' })).toBeVisible()

  await page.getByRole('button', { name: 'Já tenho um código' }).click()
  for (const [type, sentence] of [
    ['unavailable', /^Não sabemos se a senha foi trocada/],
    ['overloaded', /^A companhia não consegue atender agora/],
  ] as const) {
    await refuse('/conta/senha/nova', type)
    await fillIn(page, '1234-5678')
    await expect(page.getByRole('alert').filter({ hasText: sentence })).toBeVisible()
  }
})

test('a session that ended does not stand in the way, and the steps speak English too', async ({ visitor: page }) => {
  await page.goto('/')
  const login = await newAccount(page)
  await page.context().clearCookies()
  await page.goto('/#/passagens')
  await expect(page.getByRole('dialog')).toContainText('Sua sessão terminou')
  await page.getByRole('dialog').getByRole('link', { name: 'Esqueci minha senha' }).click()
  await expect(page.getByLabel('Usuário')).toHaveValue(login)
  await page.reload()
  await expect(page.getByLabel('Usuário')).toHaveValue(login)
  await expect(page.getByRole('dialog')).toHaveCount(0)

  await page.getByRole('button', { name: 'Idioma: Português' }).click()
  await page.getByRole('menuitemradio', { name: 'English' }).click()
  await page.getByRole('button', { name: 'Request a code' }).click()
  await expect(page.getByRole('heading', { name: 'Choose a new password' })).toBeFocused()
  await expect(page.getByText('If this user name exists and has an e-mail address')).toBeVisible()
  await page.setViewportSize({ width: 320, height: 640 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  await page.getByRole('button', { name: 'Save new password' }).click()
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  // who would rather not is asked to sign in again
  await page.goto('/#/passagens')
  await expect(page.getByRole('dialog')).toContainText('Your session has ended.')
})

test('the address of an account is shown, changed and removed', async ({ visitor: page }) => {
  await page.goto('/')
  const login = await newAccount(page)
  await keepAddress(page, login, 'ana@example.com')
  await chooseOfAccount(page, login, 'E-mail da conta')
  const dialog = page.getByRole('dialog')
  const email = dialog.getByLabel('E-mail', { exact: true })
  await expect(email).toHaveValue('ana@example.com')
  const submit = async (address: string, password: string) => {
    await email.fill(address)
    await dialog.getByLabel('Senha atual').fill(password)
    await dialog.getByRole('button', { name: 'Salvar' }).click()
  }
  await submit('ana.example.com', PASSWORD)
  await expect(email).toBeFocused()
  await expect(email).toHaveAccessibleDescription('Este não é um endereço de e-mail.')
  await submit('', 'não é esta')
  await expect(dialog.getByRole('alert')).toContainText('A senha atual não está correta.')
  await submit('', PASSWORD)
  await expect(dialog.getByText('Sua conta não tem mais e-mail.')).toBeVisible()
})
