// A company that dies while somebody is buying from it.

import { expect, test } from './fixtures'
import {
  BACK,
  holdAsNewCustomer,
  namePassengers,
  pressHold,
  searchAddress,
  signUp,
  takeBestSeats,
  takeTrip,
  THREE_COMPANIES,
  untilAllAreUp,
} from './steps'

test.afterEach(async ({ demo, visitor: page }) => {
  // whatever failed, the next test finds every company up; an order to start one that runs changes nothing
  for (const company of ['b', 'c']) await demo.revive(company)
  await untilAllAreUp(page)
})

test('a company that dies while seats are chosen is named, and the choice is kept', async ({ demo, visitor: page }) => {
  await takeTrip(page, THREE_COMPANIES)
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await page.getByRole('button', { name: 'Entrar' }).click()
  await signUp(page)
  await page.getByRole('tab').filter({ hasText: 'Canário' }).click()
  await expect(page.getByText('Ao vivo')).toBeVisible()

  await demo.kill('c')
  const down = page.getByText('Canário está fora do ar.')
  await expect(down).toBeVisible()
  await pressHold(page)
  const again = page.getByRole('button', { name: 'Tentar de novo' })
  await expect(again).toBeVisible()
  await expect(page.getByRole('tab').filter({ hasText: '1 de 1' })).toHaveCount(3)

  await demo.revive('c')
  await expect(down).toBeHidden(BACK)
  await expect(async () => {
    await again.click()
    await expect(page.getByRole('timer')).toBeVisible({ timeout: 5_000 })
  }).toPass(BACK)
})

test('a company that dies while a trip is confirmed leaves no half of it', async ({ demo, visitor: page }) => {
  await takeTrip(page, THREE_COMPANIES)
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await holdAsNewCustomer(page)

  const [, killed] = await Promise.allSettled([
    page.getByRole('button', { name: 'Confirmar e emitir' }).click(),
    demo.kill('b'),
  ])
  expect(killed.status).toBe('fulfilled')
  // its vote was yes already: the others need no more of it; or it fell before and nothing was sold
  const confirmed = page.getByRole('heading', { name: 'Viagem confirmada' })
  const refused = page.getByRole('heading', { name: 'A viagem não foi confirmada' })
  await expect(confirmed.or(refused)).toBeVisible(BACK)
  if (await refused.isVisible()) {
    await expect(page.getByText(/^(Andorinha|Beija-Flor|Canário): /)).toBeVisible()
    await page.getByRole('link', { name: 'Escolher de novo' }).click()
    await expect(page.getByRole('tab')).toHaveCount(3)
    return
  }
  await page.getByRole('link', { name: 'Ver passagem' }).click()
  await expect(page.getByText('Ana Conceição')).toHaveCount(3)
})

test('a company that hangs while a trip is confirmed keeps nobody waiting, and is not said to have confirmed', async ({
  demo,
  visitor: page,
}) => {
  await takeTrip(page, THREE_COMPANIES)
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await holdAsNewCustomer(page)

  await demo.freeze('c')
  const voice = (company: string) => page.getByRole('listitem').filter({ hasText: company })
  try {
    await page.getByRole('button', { name: 'Confirmar e emitir' }).click()
    // its vote was yes with the hold: the others decide without it, in far less than the half minute that it takes to give it up
    await expect(page.getByRole('heading', { name: 'Viagem confirmada' })).toBeVisible({ timeout: 15_000 })
    await expect(voice('Andorinha').filter({ hasText: /confirmou/ })).toBeVisible()
    await expect(voice('Canário').filter({ hasText: 'registra quando voltar' })).toBeVisible()
    await expect(page.getByText('Todas as companhias confirmaram')).toBeHidden()
    await expect(page.getByRole('link', { name: 'Ver passagem' })).toBeVisible()
  } finally {
    await demo.thaw('c')
  }
  await expect(voice('Canário').filter({ hasText: /confirmou/ })).toBeVisible(BACK)
  await expect(page.getByText('Todas as companhias confirmaram')).toBeVisible()
})

test('a search names the company that is down, and so does the status', async ({ demo, visitor: page }) => {
  await demo.kill('c')
  await page.goto('/#/situacao')
  await expect(page.getByText('Fora do ar', { exact: true })).toBeVisible()
  await page.goto(searchAddress({ from: 'POA', to: 'REC' }))
  await expect(page.getByText('Sem contato com Canário')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Escolher assentos' }).first()).toBeVisible()
})
