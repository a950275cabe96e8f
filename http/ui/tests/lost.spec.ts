// Answers that do not come, come too late, or come from a node that hangs.

import type { Page, Route } from '@playwright/test'

import { expect, test } from './fixtures'
import {
  BACK,
  freeSeat,
  holdAsNewCustomer,
  inDays,
  namePassengers,
  ONE_COMPANY,
  pressHold,
  seat,
  signUp,
  takeBestSeats,
  takeTrip,
  THREE_COMPANIES,
  untilAllAreUp,
} from './steps'

test.afterEach(async ({ demo, visitor: page }) => {
  await demo.thaw('a')
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await untilAllAreUp(page)
})

const again = (page: Page) => page.getByRole('button', { name: 'Tentar de novo' })

/** Tries again until this shows. */
async function untilShown(page: Page, shown: ReturnType<Page['locator']>): Promise<void> {
  await expect(async () => {
    if (await again(page).isVisible()) await again(page).click({ timeout: 1_000 })
    await expect(shown).toBeVisible({ timeout: 5_000 })
  }).toPass(BACK)
}

async function expectOneHold(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Minhas passagens' }).click()
  await expect(page.getByText('Reservas abertas')).toBeVisible()
  await expect(page.getByRole('link', { name: /Continuar/ })).toHaveCount(1)
}

test('a node that hangs while seats are chosen and held is said to be silent, and found again', async ({
  demo,
  visitor: page,
}) => {
  await page.clock.install()
  await page.goto('/')
  await page.getByRole('button', { name: 'Entrar' }).click()
  await signUp(page)
  await takeTrip(page, { ...ONE_COMPANY, day: inDays(5) })
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await expect(page.getByText('Ao vivo')).toBeVisible()

  await demo.freeze('a')
  await page.clock.fastForward('00:40')
  await expect(page.getByText('Reconectando…')).toBeVisible()
  await pressHold(page)
  await expect(page.getByRole('button', { name: 'Reservando…' })).toBeVisible()
  await page.clock.fastForward('00:25')
  await expect(page.getByText('Sem resposta do servidor. Verifique sua conexão.').first()).toBeVisible()
  await expect(again(page)).toBeVisible()
  await expect(page.getByRole('tab')).toContainText('1 de 1')

  await demo.thaw('a')
  await page.clock.fastForward('00:15')
  await expect(page.getByText('Ao vivo')).toBeVisible(BACK)
  await untilShown(page, page.getByRole('timer'))
  await expectOneHold(page)
})

test('a node that hangs while a trip is confirmed is said to be silent, and tells how it ended', async ({
  demo,
  visitor: page,
}) => {
  await page.clock.install()
  await takeTrip(page, THREE_COMPANIES)
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await holdAsNewCustomer(page)

  await demo.freeze('a')
  const sent = page.waitForRequest('**/confirmar')
  await page.getByRole('button', { name: 'Confirmar e emitir' }).click()
  await sent
  await page.clock.fastForward('00:25')
  await expect(page.getByRole('heading', { name: 'Confirmando com as companhias' })).toBeFocused()
  await expect(page.getByText('Sem resposta do servidor. Verifique sua conexão.').first()).toBeVisible()

  await demo.thaw('a')
  await untilShown(page, page.getByRole('heading', { name: 'Viagem confirmada' }))
  await page.getByRole('link', { name: 'Ver passagem' }).click()
  await expect(page.getByText('Ana Conceição')).toHaveCount(3)
})

test('a hold whose answer is lost keeps its seats, also over a reload, and trying again ends in the one hold', async ({
  visitor: page,
}) => {
  await takeTrip(page, { ...THREE_COMPANIES, day: inDays(2) })
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await page.getByRole('button', { name: 'Entrar' }).click()
  await signUp(page)
  const isOurs = async () => {
    await expect(again(page)).toBeVisible()
    // the map has heard that the seat is held
    await expect(page.getByRole('gridcell', { selected: true })).toHaveCount(1)
    await expect(page.getByRole('tab').filter({ hasText: '1 de 1' })).toHaveCount(3)
    await expect(page.getByText('acabou de ser ocupado')).toBeHidden()
  }

  await page.route('**/retencoes', loseAnswer)
  const mapsAsked = page.waitForResponse(/\/assentos$/)
  await pressHold(page)
  await mapsAsked
  await isOurs()
  await seat(page, await freeSeat(page)).click()
  await expect(page.getByText(/^Estes assentos já estão reservados/)).toBeVisible()
  await expect(page.getByLabel('Nome completo')).not.toBeEditable()
  await isOurs()

  await page.reload()
  await expect(page.getByText('Ao vivo')).toBeVisible()
  await isOurs()
  await page.unroute('**/retencoes', loseAnswer)
  await again(page).click()
  await expect(page.getByRole('timer')).toBeVisible()
  await expectOneHold(page)
})

/** The server gets it and answers; the answer never arrives. */
async function loseAnswer(route: Route): Promise<void> {
  await route.fetch()
  await route.abort('connectionreset')
}

test('a hold whose time is over stays over while its companies agree on that', async ({ visitor: page }) => {
  await page.clock.install()
  await takeTrip(page, { ...ONE_COMPANY, day: inDays(6) })
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await holdAsNewCustomer(page)

  // as the server tells it: nearly over, over and being ended, ended
  const told = { estado: 'retida', left: 60_000 }
  await page.route('**/retencoes/*', async (route) => {
    const response = await route.fetch()
    const hold = (await response.json()) as { expira_em: string }
    const agora = new Date(Date.parse(hold.expira_em) - told.left).toISOString()
    await route.fulfill({ response, json: { ...hold, estado: told.estado, agora, pode_estender: false } })
  })
  const asked = async () => {
    const answer = page.waitForResponse('**/retencoes/*')
    await page.clock.fastForward('00:11')
    await (await answer).finished()
  }
  const over = page.getByText('O tempo acabou')
  const isOver = async () => {
    await expect(over).toBeVisible()
    await expect(page.getByRole('button', { name: 'Confirmar e emitir' })).toBeHidden()
    await expect(page.getByText('Confirmando com as companhias')).toBeHidden()
  }
  await asked()
  await expect(page.getByRole('timer')).toHaveText(/^0[01]:/)
  Object.assign(told, { estado: 'em_andamento', left: -3_000 })
  await page.clock.fastForward('01:01')
  await isOver()
  await asked()
  await isOver()
  await page.reload()
  await isOver()
  told.estado = 'recusada'
  await asked()
  await isOver()
})

test('a visitor without a connection is told at once, and what they ask for waits for it', async ({
  visitor: page,
}) => {
  await takeTrip(page, { ...ONE_COMPANY, day: inDays(7) })
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await page.getByRole('button', { name: 'Entrar' }).click()
  await signUp(page)
  await expect(page.getByText('Ao vivo')).toBeVisible()

  await page.context().setOffline(true)
  await expect(page.getByText('Você está sem internet')).toBeVisible({ timeout: 2_000 })
  await expect(page.getByText('Ao vivo')).toBeHidden()
  await pressHold(page)
  await expect(page.getByRole('button', { name: 'Esperando a conexão…' })).toBeVisible()

  await page.context().setOffline(false)
  await expect(page.getByRole('timer')).toBeVisible()
  await expect(page.getByText('Você está sem internet')).toBeHidden()
  await expectOneHold(page)
})

test('a server that does not answer is said, and forgotten when it does', async ({ visitor: page }) => {
  await page.goto('/#/situacao')
  await expect(page.getByText('No ar', { exact: true })).toHaveCount(3)
  await page.route('**/companhias', (route) => route.abort('connectionrefused'))
  const said = page.getByText('Sem contato com o servidor')
  await expect(said).toBeVisible()
  await page.unroute('**/companhias')
  await expect(said).toBeHidden()
})
