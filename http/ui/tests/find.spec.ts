// The letters of a booking: what they are good for without a session, and the name that was misspelt.

import { expect, test } from './fixtures'
import {
  holdAsNewCustomer,
  inDays,
  namePassengers,
  ONE_COMPANY,
  PASSWORD,
  searchAddress,
  takeBestSeats,
  takeTrip,
  THREE_COMPANIES,
  ticketOf,
} from './steps'

test('a name is corrected by a few letters, and the booking is found by its letters and that surname', async ({
  visitor: page,
  newVisitor,
}) => {
  await takeTrip(page, { ...THREE_COMPANIES, day: inDays(3) })
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conseição'])
  await holdAsNewCustomer(page)
  await expect(page.getByRole('region', { name: 'Condições da tarifa' })).toContainText('Andorinha')
  await page.getByRole('button', { name: 'Confirmar e emitir' }).click()
  await expect(page.getByText('Localizador')).toBeVisible()
  await page.getByRole('link', { name: 'Ver passagem' }).click()
  const { localizador } = await ticketOf(page)
  await expect(page.getByText(`${localizador.slice(0, 3)} ${localizador.slice(3)}`)).toBeVisible()
  // one by one, for those who hear it
  await expect(page.getByText([...localizador].join(', '))).toHaveCount(1)

  await page.getByRole('button', { name: 'Corrigir nome' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('até três letras')
  const name = dialog.getByLabel('Nome completo')
  await name.fill('Maria da Silva')
  await dialog.getByRole('button', { name: 'Corrigir', exact: true }).click()
  await expect(dialog.getByText('Nenhum nome foi corrigido')).toBeVisible()
  await name.fill('Ana Conceição')
  await dialog.getByRole('button', { name: 'Corrigir', exact: true }).click()
  await expect(page.getByText(/^Nome corrigido/)).toBeVisible()
  await expect(page.getByText('Ana Conceição')).toHaveCount(3)

  const stranger = await newVisitor()
  await stranger.goto('/#/passagens')
  await stranger.getByRole('main').getByRole('link', { name: 'Encontrar reserva' }).click()
  const find = stranger.getByRole('button', { name: 'Encontrar', exact: true })
  await find.click()
  await expect(stranger.getByText('O localizador tem seis letras.')).toBeVisible()
  await stranger.getByLabel('Localizador').fill(`${localizador.slice(0, 3)}-${localizador.slice(3)}`.toLowerCase())
  await stranger.getByLabel('Sobrenome').fill('Souza')
  await find.click()
  await expect(stranger.getByText(/^Não encontramos/)).toBeVisible()
  await stranger.getByLabel('Sobrenome').fill('conceicao')
  await find.click()
  await expect(stranger.getByRole('heading', { name: 'Reserva encontrada' })).toBeFocused()
  await expect(stranger.getByText('Ana Conceição')).toHaveCount(3)
  // what changes it needs a session
  await expect(stranger.getByRole('button', { name: 'Cancelar' })).toHaveCount(0)
})

test('a password that anybody would guess and an address that is none are refused beside their fields', async ({
  visitor: page,
}) => {
  await page.goto('/')
  await page.getByRole('button', { name: 'Entrar' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Criar conta' }).click()
  await dialog.getByLabel('Usuário').fill('quem.adivinha')
  await dialog.getByLabel('Senha').fill('senha12345')
  await dialog.getByRole('button', { name: 'Criar conta' }).click()
  await expect(dialog.getByText(/fácil de adivinhar/)).toBeVisible()
  await dialog.getByLabel('Senha').fill(PASSWORD)
  await dialog.getByLabel('E-mail').fill('ana@')
  await dialog.getByRole('button', { name: 'Criar conta' }).click()
  await expect(dialog.getByText('Este não é um endereço de e-mail.')).toBeVisible()
})

test('what holds of a fare is said in the language of the page', async ({ visitor: page }) => {
  await page.goto(searchAddress(ONE_COMPANY))
  await page.getByText('Trechos e condições').first().click()
  await expect(page.getByRole('region', { name: 'Condições da tarifa' })).toContainText('bagagem de mão')
  await page.getByRole('button', { name: 'Idioma: Português' }).click()
  await page.getByRole('menuitemradio', { name: 'English' }).click()
  await expect(page.getByRole('region', { name: 'Fare conditions' })).toContainText('cabin bag')
})
