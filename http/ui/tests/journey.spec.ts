// From a search to a ticket over three companies, and back out of it.

import { readFile } from 'node:fs/promises'

import type { Download, Page } from '@playwright/test'

import { expect, test } from './fixtures'
import { holdAsNewCustomer, namePassengers, searchAddress, takeBestSeats, takeTrip, THREE_COMPANIES } from './steps'

const TRAVELLERS = ['Ana Conceição', 'João Souza']

async function book(page: Page): Promise<void> {
  await takeTrip(page, { ...THREE_COMPANIES, passengers: TRAVELLERS.length })
  await takeBestSeats(page, TRAVELLERS.length)
  await namePassengers(page, TRAVELLERS)
  await holdAsNewCustomer(page)
  await page.getByRole('button', { name: 'Confirmar e emitir' }).click()
  await expect(page.getByText('Viagem confirmada')).toBeVisible()
}

test('a trip over three companies is one search, one hold and one ticket', async ({ visitor: page }) => {
  await book(page)
  for (const company of ['a', 'b', 'c']) {
    await expect(
      page
        .getByRole('listitem')
        .filter({ hasText: 'assento confirmado' })
        .filter({ hasText: `Companhia ${company}` }),
    ).toBeVisible()
  }
  await page.getByRole('link', { name: 'Ver passagem' }).click()
  await expect(page.getByRole('heading', { name: 'Passagem' })).toBeVisible()
  await expect(page.getByText('Ana Conceição')).toHaveCount(3)
  await expect(page.getByText('João Souza')).toHaveCount(3)

  const text = async (download: Download) => readFile(await download.path(), 'latin1')
  const pdf = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Bilhete em PDF' }).click()
  expect(await text(await pdf)).toMatch(/^%PDF-/)
  const calendar = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Pôr na agenda' }).click()
  expect((await text(await calendar)).match(/BEGIN:VEVENT/g)).toHaveLength(3)
})

test('a ticket is cancelled in two steps: first what comes back, then the deed', async ({ visitor: page }) => {
  await book(page)
  await page.getByRole('link', { name: 'Minhas passagens' }).click()
  await page.getByRole('link', { name: /Porto Alegre – João Pessoa/ }).click()
  await page.getByRole('button', { name: 'Cancelar' }).click()
  const dialog = page.getByRole('dialog')
  // one traveller stays at home: their seats are every second one
  for (const box of await dialog.getByRole('checkbox', { name: /Ana Conceição/ }).all())
    await box.uncheck({ force: true })
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
})

test('a hold is extended and released, and the choice is kept', async ({ visitor: page }) => {
  await takeTrip(page, THREE_COMPANIES)
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await holdAsNewCustomer(page)
  await expect(page.getByRole('timer')).toHaveText(/^1[45]:\d\d$/)
  await page.getByRole('button', { name: 'Mais 15 minutos' }).click()
  await expect(page.getByRole('timer')).toHaveText(/^(29|30):\d\d$/)
  await page.getByRole('link', { name: 'Minhas passagens' }).click()
  await page.getByRole('link', { name: /Continuar/ }).click()
  await page.getByRole('button', { name: 'Liberar assentos' }).click()
  await expect(page.getByText('Assentos liberados')).toBeVisible()
  await page.getByRole('link', { name: 'Escolher de novo' }).click()
  await expect(page.getByRole('tab').filter({ hasText: '1 de 1' })).toHaveCount(3)
})

test('results name companies, zones and connections, and sort', async ({ visitor: page }) => {
  await page.goto(searchAddress(THREE_COMPANIES))
  const first = page
    .getByRole('listitem')
    .filter({ has: page.getByRole('button', { name: 'Escolher assentos' }) })
    .first()
  await expect(first).toContainText('UTC−3')
  await expect(first).toContainText('Conexão em')
  await expect(first).toContainText('troca de companhia')
  await expect(first).toContainText(/R\$\s[\d.]+,\d\d/)
  await expect(first).toContainText(/Restam? \d+ lugar/)
  await page.getByText('Preço', { exact: true }).click()
  await expect(page).toHaveURL(/ordem=preco/)
  await expect(page.getByRole('img', { name: /^Rota no mapa: Porto Alegre/ })).toBeVisible()
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
