// The whole journey in both languages: on a phone by touch, on a desk by keys, in the words of the dictionaries.

import { randomUUID } from 'node:crypto'

import type { Locator, Page } from '@playwright/test'

import { en } from '../src/i18n/en'
import { pt } from '../src/i18n/pt'
import { expect, test } from './fixtures'
import { inDays, PASSWORD } from './steps'

const LANGUAGES = [
  { locale: 'pt-BR', t: pt },
  { locale: 'en-GB', t: en },
]
const DEVICES = [
  { by: 'touch', viewport: { width: 360, height: 740 }, hasTouch: true },
  { by: 'touch', viewport: { width: 768, height: 1024 }, hasTouch: true },
  { by: 'keys', viewport: { width: 1440, height: 900 }, hasTouch: false },
] as const

for (const { locale, t } of LANGUAGES) {
  for (const { by, viewport, hasTouch } of DEVICES) {
    test.describe(`${locale}, by ${by} at ${viewport.width}`, () => {
      test.use({ locale, viewport, hasTouch })
      const press = (what: Locator) => (by === 'touch' ? what.tap() : what.press('Enter'))

      test('a trip is found, reserved, confirmed, looked at and cancelled', async ({ visitor: page }) => {
        await page.goto('/')
        await expect(page.getByRole('heading', { name: t.search.title })).toBeVisible()
        for (const [label, text] of [
          [t.search.origin, 'Porto Alegre'],
          [t.search.destination, 'João Pessoa'],
        ] as const) {
          await page.getByRole('combobox', { name: label, exact: true }).fill(text)
          await page.keyboard.press('Escape')
        }
        await press(page.getByRole('button', { name: t.search.submit }))
        await nextDayWithFlights(page, t, press)
        await press(page.getByRole('button', { name: t.search.choose }).first())

        const bar = page.getByRole('region', { name: t.app.step })
        await expect(page.getByRole('grid')).toBeVisible()
        const legs = await page.getByRole('tab').count()
        for (let leg = 1; leg <= legs; leg++) {
          await press(page.getByRole('button', { name: t.seats.best }))
          await expect(page.getByRole('tab', { selected: true })).toContainText(t.seats.chosen(1, 1))
          await isInSight(bar, page)
          if (leg < legs) await press(bar.getByRole('button', { name: t.seats.next }))
        }
        await page.getByLabel(t.seats.name).fill('Ana Conceição')
        await press(bar.getByRole('button', { name: t.seats.hold }))
        const dialog = page.getByRole('dialog')
        await press(dialog.getByRole('button', { name: t.account.signUp }))
        await dialog.getByLabel(t.account.login).fill(`both-${randomUUID().slice(0, 8)}`)
        await dialog.getByLabel(t.account.password).fill(PASSWORD)
        await press(dialog.getByRole('button', { name: t.account.signUp }))
        await expect(page.getByRole('timer')).toBeVisible()
        await isInSight(bar, page)
        await press(bar.getByRole('button', { name: t.hold.confirm }))
        await expect(page.getByRole('heading', { name: t.progress.done })).toBeVisible()
        await press(bar.getByRole('link', { name: t.progress.see }))

        await expect(page.getByRole('heading', { name: t.tickets.ticket, exact: true })).toBeVisible()
        await expect(page.getByText('Ana Conceição')).toHaveCount(legs)
        await press(page.getByRole('button', { name: t.tickets.cancel, exact: true }))
        await press(dialog.getByRole('button', { name: t.tickets.quote }))
        await press(dialog.getByRole('button', { name: t.tickets.cancelDo }))
        await expect(page.getByText(t.tickets.states.cancelada, { exact: true }).first()).toBeVisible()
        await press(page.getByRole('link', { name: t.app.tickets }).first())
        await expect(page.getByRole('region', { name: t.tickets.cancelledOnes })).toBeVisible()
      })
    })
  }
}

/** Today's flights may have left. */
async function nextDayWithFlights(page: Page, t: typeof pt, press: (what: Locator) => Promise<void>): Promise<void> {
  const days = page.getByRole('navigation', { name: t.search.days })
  await press(days.locator(`a[href*="data=${inDays(2)}"]`))
  await expect(page).toHaveURL(new RegExp(`data=${inDays(2)}`))
  await expect(page.getByRole('button', { name: t.search.choose }).first()).toBeVisible()
}

/** The bar with the next step lies over whatever is scrolled. */
async function isInSight(bar: Locator, page: Page): Promise<void> {
  const box = await bar.boundingBox()
  const height = page.viewportSize()?.height ?? 0
  expect(box && box.y >= 0 && box.y + box.height <= height + 1).toBe(true)
}
