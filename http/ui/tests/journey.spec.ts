// From a search to a ticket over three companies, and back out of it.

import { readFile } from 'node:fs/promises'

import type { Download, Page } from '@playwright/test'

import { expect, test } from './fixtures'
import {
  holdAsNewCustomer,
  inDays,
  namePassengers,
  releaseHold,
  searchAddress,
  seat,
  takeBestSeats,
  takeTrip,
  THREE_COMPANIES,
} from './steps'

const TRAVELLERS = ['Ana Conceição', 'João Souza']

async function book(page: Page): Promise<void> {
  await takeTrip(page, { ...THREE_COMPANIES, passengers: TRAVELLERS.length })
  await takeBestSeats(page, TRAVELLERS.length)
  await namePassengers(page, TRAVELLERS)
  await holdAsNewCustomer(page)
  await page.getByRole('button', { name: 'Confirmar e emitir' }).click()
  await expect(page.getByRole('heading', { name: 'Viagem confirmada' })).toBeVisible()
}

test('a trip over three companies is one search, one hold and one ticket', async ({ visitor: page }) => {
  await book(page)
  for (const company of ['Andorinha', 'Beija-Flor', 'Canário']) {
    await expect(
      page
        .getByRole('listitem')
        .filter({ hasText: /confirmou/ })
        .filter({ hasText: company }),
    ).toBeVisible()
  }
  await page.getByRole('link', { name: 'Ver passagem' }).click()
  await expect(page.getByRole('heading', { name: 'Passagem' })).toBeVisible()
  await expect(page.getByText('Ana Conceição')).toHaveCount(3)
  await expect(page.getByText('João Souza')).toHaveCount(3)

  const text = async (download: Download) => readFile(await download.path(), 'latin1')
  const pdf = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Bilhete em PDF' }).click()
  expect(await text(await pdf)).toMatch(/^%PDF-/)
  const calendar = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Adicionar à agenda' }).click()
  expect((await text(await calendar)).match(/BEGIN:VEVENT/g)).toHaveLength(3)
})

test('a ticket is cancelled in two steps: first what comes back, then the deed', async ({ visitor: page }) => {
  await book(page)
  await page.getByRole('link', { name: 'Minhas passagens' }).click()
  await page.getByRole('link', { name: /Porto Alegre – João Pessoa/ }).click()
  await page.getByRole('button', { name: 'Cancelar' }).click()
  const dialog = page.getByRole('dialog')
  // one traveller stays at home; of the way of one only the middle cannot go without a word
  await dialog.getByRole('checkbox', { name: 'Ana Conceição' }).uncheck({ force: true })
  const legs = dialog.getByRole('group', { name: 'Quais trechos' }).getByRole('checkbox')
  await expect(legs).toHaveCount(3)
  await legs.first().uncheck({ force: true })
  await legs.last().uncheck({ force: true })
  await expect(dialog.getByText('Um trecho do meio ficaria sem passagem', { exact: false })).toBeVisible()
  await legs.first().check({ force: true })
  await legs.last().check({ force: true })
  await expect(dialog.getByText('Um trecho do meio ficaria sem passagem', { exact: false })).toBeHidden()
  await dialog.getByRole('button', { name: 'Ver quanto volta' }).click()
  await expect(dialog.getByText('Você recebe de volta')).toBeVisible()
  await dialog.getByRole('button', { name: 'Cancelar mesmo assim' }).click()
  await expect(page.getByText(/^Cancelada\. Você recebe/)).toBeVisible()
  await expect(page.getByText('Parcial')).toBeVisible()

  await page.getByRole('button', { name: 'Cancelar' }).click()
  await dialog.getByRole('button', { name: 'Ver quanto volta' }).click()
  await dialog.getByRole('button', { name: 'Cancelar mesmo assim' }).click()
  await expect(page.getByText('Cancelada', { exact: true })).toBeVisible()
  await page.getByRole('link', { name: 'Minhas passagens' }).click()
  await expect(page.getByText('Nenhuma passagem ainda')).toBeVisible()
  // what was cancelled stays in sight, apart
  const gone = page.getByRole('region', { name: 'Passagens canceladas' })
  await gone.getByRole('link', { name: /Porto Alegre – João Pessoa/ }).click()
  await expect(page.getByText(/^R\$.* de volta em /).first()).toBeVisible()
})

test('a seat at an exit says what it demands, and is nobody’s who has not agreed', async ({ visitor: page }) => {
  await takeTrip(page, { ...THREE_COMPANIES, day: inDays(3) })
  const exit = page.getByRole('gridcell', { name: /saída de emergência, livre$/ }).first()
  const label = ((await exit.getAttribute('aria-label')) ?? '').split(',')[0] ?? ''
  await exit.click()
  const dialog = page.getByRole('dialog', { name: 'Saída de emergência' })
  await expect(dialog).toContainText('15 anos')
  await dialog.getByRole('button', { name: 'Escolher outro assento' }).click()
  await expect(page.getByRole('gridcell', { selected: true })).toHaveCount(0)
  await exit.click()
  await dialog.getByRole('button', { name: 'Posso e quero ajudar' }).click()
  await expect(seat(page, label)).toHaveAttribute('aria-selected', 'true')
  // asked once
  await page
    .getByRole('gridcell', { name: /saída de emergência, livre$/ })
    .first()
    .click()
  await expect(dialog).toBeHidden()
})

test('a hold is extended and released, and the choice is kept', async ({ visitor: page }) => {
  await takeTrip(page, THREE_COMPANIES)
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await holdAsNewCustomer(page)
  await expect(page.getByRole('timer')).toHaveText(/^1[45]:\d\d$/)
  await page.getByRole('button', { name: 'Mais 15 minutos' }).click()
  await expect(page.getByRole('timer')).toHaveText(/^(29|30):\d\d$/)
  // it is seen from elsewhere, with the way back to it
  await page.getByRole('link', { name: 'Buscar', exact: true }).click()
  const running = page.getByRole('complementary', { name: 'Sua reserva' })
  await expect(running).toContainText('Porto Alegre – João Pessoa')
  await expect(running).toContainText(/(29|30):\d\d/)
  await running.getByRole('link', { name: 'Voltar à reserva' }).click()
  await page.getByRole('link', { name: 'Minhas passagens' }).click()
  await page.getByRole('link', { name: /Continuar/ }).click()

  // who is asked may think better of it
  await page.getByRole('button', { name: 'Liberar assentos' }).click()
  await page.getByRole('button', { name: 'Manter a reserva' }).click()
  await expect(page.getByRole('timer')).toBeVisible()
  await releaseHold(page)
  await expect(page.getByText('Assentos liberados')).toBeVisible()
  await page.getByRole('link', { name: 'Escolher de novo' }).click()
  await expect(page.getByRole('tab').filter({ hasText: '1 de 1' })).toHaveCount(3)
})

const options = (page: Page, button = 'Escolher assentos') =>
  page.getByRole('listitem').filter({ has: page.getByRole('button', { name: button }) })

test('results say when, where, with whom and for how much, mark the best, and sort', async ({ visitor: page }) => {
  await page.goto(searchAddress(THREE_COMPANIES))
  const first = options(page).first()
  await expect(first).toContainText('Melhor opção')
  for (const text of ['Porto Alegre', 'João Pessoa', 'Andorinha', 'Canário', '2 conexões', 'Conexão em'])
    await expect(first).toContainText(text)
  await expect(first).toContainText('troca de companhia')
  await expect(first).toContainText(/A\d{4}/)
  await expect(first).toContainText(/R\$\s[\d.]+,\d\d/)
  // all clocks on this way are the same, and seats are many
  await expect(first).not.toContainText('UTC')
  await expect(first).not.toContainText(/Restam? \d+ assento/)
  await page.getByText('Preço', { exact: true }).click()
  await expect(page).toHaveURL(/ordem=preco/)
  await expect(page.getByRole('img', { name: /^Rota no mapa: Porto Alegre/ })).toBeVisible()

  await page.goto(searchAddress({ from: 'GRU', to: 'MAO' }))
  await expect(options(page).first()).toContainText('UTC−4')
})

test('filters say how many they leave, stand in the address, and are taken back', async ({ visitor: page }) => {
  await page.goto(searchAddress({ ...THREE_COMPANIES, day: inDays(3) }))
  await expect(options(page).first()).toBeVisible()
  const before = await options(page).count()
  const morning = page.getByText(/^Manhã/).first()
  const left = Number(await morning.locator('xpath=..').locator('span').last().textContent())
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThan(before)
  await morning.click()
  await expect(page).toHaveURL(/partida_ate=11/)
  await expect(options(page)).toHaveCount(left)
  await page.reload()
  await expect(options(page)).toHaveCount(left)
  await page.getByRole('button', { name: 'Limpar filtros' }).click()
  await expect(options(page)).toHaveCount(before)
})

test('days around have prices and lead there; a day without flights says what works', async ({ visitor: page }) => {
  await page.goto(searchAddress({ ...THREE_COMPANIES, day: inDays(5) }))
  const days = page.getByRole('navigation', { name: /^Menor preço por dia/ })
  await expect(days.getByRole('link', { name: /R\$/ }).first()).toBeVisible()
  await expect(days.locator('[aria-current=date]')).toHaveCount(1)
  await days.locator('[aria-current=date]').locator('xpath=../following-sibling::*[1]').getByRole('link').click()
  await expect(page).toHaveURL(new RegExp(`data=${inDays(6)}`))

  // beyond what is on sale, near and far
  for (const far of [60, 20]) {
    await page.goto(searchAddress({ ...THREE_COMPANIES, day: inDays(far) }))
    await expect(page.getByRole('heading', { name: /^Nenhum voo em/ })).toBeVisible()
    await expect(page.getByText('Os voos deste dia ainda não estão à venda. Experimente:')).toBeVisible()
    await expect(page.getByRole('link', { name: /a partir de R\$/ })).toHaveCount(3)
  }
  await page
    .getByRole('link', { name: /a partir de R\$/ })
    .last()
    .click()
  await expect(options(page).first()).toBeVisible()
})

test('there and back over three companies: two choices among several, with a filter, one booking, one ticket', async ({
  visitor: page,
}) => {
  await page.goto(searchAddress({ ...THREE_COMPANIES, day: inDays(2), back: inDays(6) }))
  const outward = page.getByRole('region', { name: 'Ida' })
  const back = page.getByRole('region', { name: 'Volta' })
  await expect(options(page, 'Escolher ida').first()).toBeVisible()
  expect(await outward.getByRole('button', { name: 'Escolher ida' }).count()).toBeGreaterThan(1)
  expect(await back.getByRole('button', { name: 'Escolher volta' }).count()).toBeGreaterThan(1)

  // the outward one leaves in the morning
  await outward.getByRole('button', { name: 'Filtros' }).click()
  await page
    .getByRole('dialog')
    .getByText(/^Manhã/)
    .first()
    .click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Ver \d+ opç/ })
    .click()
  await expect(outward.getByRole('button', { name: 'Filtros (1)' })).toBeVisible()
  await expect(page).toHaveURL(/partida_ate=11/)
  await outward.getByRole('button', { name: 'Escolher ida' }).first().click()
  await back.getByRole('button', { name: 'Escolher volta' }).last().click()
  const bar = page.getByRole('region', { name: 'Próximo passo da compra' })
  await expect(bar).toContainText(/Ida R\$.* \+ Volta R\$/)
  const total = (await bar.locator('b').textContent()) ?? ''
  await bar.getByRole('button', { name: 'Escolher assentos' }).click()

  await expect(page.getByRole('tab')).toHaveCount(6)
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await expect(bar).toContainText(total)
  await holdAsNewCustomer(page)
  await expect(bar).toContainText(total)
  await page.getByRole('button', { name: 'Confirmar e emitir' }).click()
  await expect(page.getByRole('heading', { name: 'Viagem confirmada' })).toBeVisible()
  await page.getByRole('link', { name: 'Ver passagem' }).click()
  await expect(page.getByRole('heading', { name: 'Ida', exact: true })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Volta', exact: true })).toBeVisible()
  await expect(page.getByText('Ana Conceição')).toHaveCount(6)
  await page.getByRole('link', { name: 'Minhas passagens' }).click()
  await expect(page.getByRole('link', { name: /Porto Alegre – João Pessoa, ida e volta/ })).toHaveCount(1)
})

test('on a phone the return is chosen after the outward journey, and Back leads back', async ({ visitor: page }) => {
  await page.setViewportSize({ width: 360, height: 740 })
  await page.goto(searchAddress({ ...THREE_COMPANIES, day: inDays(3), back: inDays(6) }))
  await page.getByRole('button', { name: 'Escolher ida' }).first().click()
  await expect(page.getByRole('heading', { name: 'Escolha a volta' })).toBeFocused()
  await page.goBack()
  await expect(page.getByRole('button', { name: 'Escolhida' })).toBeVisible()
  await page.goForward()
  await page.getByRole('button', { name: 'Escolher volta' }).first().click()
  await page.getByRole('button', { name: 'Escolher assentos' }).click()
  await expect(page.getByRole('tab')).toHaveCount(6)
})

test('nicknames of cities are known, and the largest city of a name comes first', async ({ visitor: page }) => {
  await page.goto(searchAddress({ from: 'POA', to: 'REC', day: inDays(4) }))
  const origin = page.getByRole('combobox', { name: 'Origem' })
  const first = page.getByRole('option').first()
  await origin.fill('rio')
  await expect(first).toContainText('Rio de Janeiro')
  await origin.fill('BH')
  await expect(first).toContainText('Belo Horizonte')
  await origin.fill('Sampa')
  await page.keyboard.press('Escape')
  await page.getByRole('combobox', { name: 'Destino' }).fill('REC')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Buscar voos' }).click()
  // the node knows them, too: what was typed stands in the address
  await expect(page).toHaveURL(/origem=Sampa&/)
  await expect(options(page).first()).toContainText('São Paulo')
})

test('a place that nobody knows is met with the nearest names', async ({ visitor: page }) => {
  await page.goto(searchAddress({ from: 'Sao Palo', to: 'REC' }))
  await expect(page.getByText('Não conhecemos “Sao Palo”')).toBeVisible()
  await page
    .getByRole('button', { name: /São Paulo/ })
    .first()
    .click()
  await expect(page.getByRole('button', { name: 'Escolher assentos' }).first()).toBeVisible()
})

test('who has seats is led to the names, and blamed for none before', async ({ visitor: page }) => {
  await takeTrip(page, { ...THREE_COMPANIES, passengers: 2 })
  await takeBestSeats(page, 2)
  const lead = page.getByRole('button', { name: 'Preencher passageiros' })
  await expect(page.getByText('Faltam os nomes de 2 passageiros.')).toBeVisible()
  await lead.click()
  await expect(page.getByRole('textbox', { name: '1. Nome completo' })).toBeFocused()
  await expect(page.getByText('Escreva o nome.')).toHaveCount(0)
  await page.keyboard.insertText('Ana Conceição')
  await expect(page.getByText('Falta o nome de quem viaja.')).toBeVisible()
  await lead.click()
  await expect(page.getByText('Escreva o nome.')).toHaveCount(1)
  await expect(page.getByRole('textbox', { name: '2. Nome completo' })).toBeFocused()
})

test('who has no account makes one under its own title, with the focus in its first field', async ({
  visitor: page,
}) => {
  await page.goto('/')
  await page.getByRole('button', { name: 'Entrar' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('heading', { name: 'Entre na sua conta' })).toBeVisible()
  await dialog.getByRole('button', { name: 'Criar conta' }).click()
  await expect(dialog.getByRole('heading', { name: 'Crie sua conta' })).toBeVisible()
  await expect(dialog.getByLabel('Usuário')).toBeFocused()
})
