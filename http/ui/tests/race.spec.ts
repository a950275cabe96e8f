// Two visitors who want the same seat: one has it, the other is told and offered the next best.

import type { Page } from '@playwright/test'

import { expect, test } from './fixtures'
import {
  freeSeat,
  holdButton,
  inDays,
  namePassengers,
  ONE_COMPANY,
  pressHold,
  releaseHold,
  seat,
  signUp,
  takeTrip,
} from './steps'

/** A day of its own: nobody else's seats are in the way. */
const TRIP = { ...ONE_COMPANY, day: inDays(3) }

async function wantSeat(page: Page, label: string, name: string): Promise<void> {
  await seat(page, label).click()
  await namePassengers(page, [name])
}

async function signIn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Entrar' }).click()
  await signUp(page)
}

test('a seat that somebody else holds first is said and replaced', async ({ visitor: quick, newVisitor }) => {
  const slow = await newVisitor()
  for (const page of [quick, slow]) {
    await takeTrip(page, TRIP)
    await signIn(page)
  }
  const label = await freeSeat(quick, 4)
  await wantSeat(slow, label, 'Bruno Lento')
  await wantSeat(quick, label, 'Ana Rápida')
  await pressHold(quick)
  await expect(quick.getByRole('timer')).toBeVisible()

  const alert = slow.getByRole('alert').filter({ hasText: label })
  await expect(alert).toContainText('acabou de ser ocupado por outra pessoa')
  await expect(seat(slow, label)).toHaveAttribute('aria-label', /em reserva por outra pessoa/)
  const offer = alert.getByRole('button', { name: /^Ficar com/ })
  const next = (await offer.textContent())?.replace('Ficar com ', '') ?? ''
  expect(next).not.toBe(label)
  await offer.click()
  await expect(seat(slow, next)).toHaveAttribute('aria-selected', 'true')
  await expect(alert).toBeHidden()
  await pressHold(slow)
  await expect(slow.getByRole('timer')).toBeVisible()
})

test('of two who press at once exactly one holds the seat', async ({ visitor: one, newVisitor }) => {
  const other = await newVisitor()
  const pages = [one, other]
  for (const page of pages) {
    await takeTrip(page, TRIP)
    await signIn(page)
  }
  const label = await freeSeat(one, 10)
  for (const page of pages) await wantSeat(page, label, 'Quem Chega Primeiro')
  // by key: a click looks first whether its place holds still, and by then the other one may have the seat
  const buttons = pages.map(holdButton)
  for (const button of buttons) await button.focus()
  await Promise.all(buttons.map((button) => button.press('Enter')))

  const held = (page: Page) => page.getByRole('timer').isVisible()
  const told = (page: Page) => page.getByRole('button', { name: /^Ficar com/ }).isVisible()
  await expect.poll(async () => (await Promise.all(pages.map(held))).filter(Boolean).length).toBe(1)
  await expect.poll(async () => (await Promise.all(pages.map(told))).filter(Boolean).length).toBe(1)
})

test('what others do is seen while it happens', async ({ visitor: quick, newVisitor }) => {
  const watcher = await newVisitor()
  await takeTrip(watcher, TRIP)
  await takeTrip(quick, TRIP)
  await expect(watcher.getByText('Ao vivo')).toBeVisible()
  const label = await freeSeat(quick, 16)
  await signIn(quick)
  await wantSeat(quick, label, 'Ana Rápida')
  await pressHold(quick)
  await expect(seat(watcher, label)).toHaveAttribute('aria-label', /em reserva por outra pessoa/)
  await releaseHold(quick)
  await expect(seat(watcher, label)).toHaveAttribute('aria-label', /, livre$/)
})
