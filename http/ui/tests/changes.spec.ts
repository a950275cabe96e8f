// A flight that its company moves, and then withdraws, under a ticket that somebody has.

import type { Page } from '@playwright/test'

import type { Ticket } from '../src/api/schema'
import { expect, test } from './fixtures'
import { holdAsNewCustomer, inDays, namePassengers, ONE_COMPANY, takeBestSeats, takeTrip } from './steps'

/** No other test looks at flights of this day. */
const DAY = inDays(9)
/** The node tells its tickets within seconds. */
const TOLD = { timeout: 30_000 }

async function ticketOf(page: Page): Promise<Ticket> {
  await page.getByRole('link', { name: 'Ver passagem' }).click()
  await expect(page.getByRole('heading', { name: 'Passagem' })).toBeVisible()
  const uuid = await page.getByText(/^[0-9a-f-]{36}$/).textContent()
  return page.evaluate(async (uuid) => {
    const answer = await fetch(`/passagens/${uuid}`)
    return (await answer.json()) as Ticket
  }, uuid)
}

/** Two hours later, by the same clock. */
const later = (instant: string) => {
  const hour = String((Number(instant.slice(11, 13)) + 2) % 24).padStart(2, '0')
  return `${instant.slice(0, 11)}${hour}${instant.slice(13, 16)}${instant.slice(19)}`
}

test('a flight that moved is accepted, and all of the money comes back of one that is not flown', async ({
  visitor: page,
  demo,
}) => {
  await takeTrip(page, { ...ONE_COMPANY, day: DAY })
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await holdAsNewCustomer(page)
  await page.getByRole('button', { name: 'Confirmar e emitir' }).click()
  await expect(page.getByRole('heading', { name: 'Viagem confirmada' })).toBeVisible()
  const { trechos } = await ticketOf(page)
  const [leg] = trechos
  if (!leg) throw new Error('a ticket without a leg')
  const flight = [leg.voo, leg.partida.slice(0, 10)]

  await demo.flight(leg.company, 'retime', ...flight, '--departs', later(leg.partida))
  await expect(async () => {
    await page.reload()
    await expect(page.getByText(`O voo ${leg.voo} mudou: agora sai`)).toBeVisible({ timeout: 1000 })
  }).toPass(TOLD)
  await page.getByRole('button', { name: 'Aceitar a mudança' }).click()
  await expect(page.getByText('Você aceitou a mudança.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Receber tudo de volta' })).toHaveCount(0)

  await demo.flight(leg.company, 'withdraw', ...flight)
  await expect(async () => {
    await page.reload()
    await expect(page.getByText(/foi cancelado pela companhia/)).toBeVisible({ timeout: 1000 })
  }).toPass(TOLD)
  await page.getByRole('button', { name: 'Receber tudo de volta' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Ver quanto volta' }).click()
  await expect(dialog.getByText(/tudo é devolvido/).first()).toBeVisible()
  await dialog.getByRole('button', { name: 'Cancelar mesmo assim' }).click()
  await expect(page.getByText(/^Cancelada\. Você recebe/)).toBeVisible()
})
