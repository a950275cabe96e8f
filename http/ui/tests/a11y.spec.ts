// Every page and dialog against axe: WCAG 2.2 A and AA, in light and in dark.

import AxeBuilder from '@axe-core/playwright'

import { expect, test } from './fixtures'
import { LOOKS } from './pages'
import { searchAddress, takeTrip, THREE_COMPANIES } from './steps'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on any page, ${colorScheme}`, async ({ visitor: page, demo }) => {
    test.slow()
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const found: Record<string, unknown> = {}
    for (const { name, open, hidesTheRest } of LOOKS) {
      await open(page, demo)
      const axe = new AxeBuilder({ page }).withTags(RULES)
      if (hidesTheRest) axe.disableRules(['aria-hidden-focus', 'page-has-heading-one', 'region'])
      const { violations } = await axe.analyze()
      const said = violations.map(({ id, nodes }) => ({
        id,
        nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })),
      }))
      if (said.length > 0) found[name] = said
    }
    expect(found).toEqual({})
  })
}

test('nothing scrolls sideways on the narrowest screen', async ({ visitor: page, demo }) => {
  test.slow()
  await page.setViewportSize({ width: 320, height: 640 })
  for (const { name, open } of LOOKS) {
    await open(page, demo)
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(over, name).toBeLessThanOrEqual(0)
  }
})

test('the page speaks English too, and remembers it', async ({ visitor: page }) => {
  await page.goto(searchAddress(THREE_COMPANIES))
  await page.getByRole('button', { name: 'Idioma: Português' }).click()
  await page.getByRole('menuitemradio', { name: 'English' }).click()
  await expect(page.getByRole('heading', { name: 'Where are you going?' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('button', { name: 'Choose seats' }).first()).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
})

test.describe('a browser that wants English', () => {
  test.use({ locale: 'en-GB' })
  test('is met in English at the first visit', async ({ visitor: page }) => {
    await page.goto('/')
    await expect(page.getByRole('heading', { name: 'Where are you going?' })).toBeVisible()
    await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  })
})

test('where colours are the system’s, what is selected is seen', async ({ visitor: page }) => {
  await page.emulateMedia({ forcedColors: 'active' })
  await page.goto(searchAddress(THREE_COMPANIES))
  const outline = (element: Element) => getComputedStyle(element).outlineStyle
  for (const selected of [page.locator('.segment-choice[data-selected]'), page.locator('a[aria-current=date]')])
    expect(await selected.first().evaluate(outline)).toBe('solid')
  await takeTrip(page, THREE_COMPANIES)
  await page.getByRole('button', { name: 'Melhores assentos juntos' }).click()
  const ground = (element: Element) => getComputedStyle(element).backgroundColor
  const mine = await page.getByRole('gridcell', { selected: true }).evaluate(ground)
  expect(mine).not.toBe(
    await page
      .getByRole('gridcell', { name: /, livre$/ })
      .first()
      .evaluate(ground),
  )
})

test('light and dark can be chosen against the system', async ({ visitor: page }) => {
  await page.emulateMedia({ colorScheme: 'light' })
  await page.goto('/')
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const light = await ground()
  await page.getByRole('button', { name: 'Tema: Do sistema' }).click()
  await page.getByRole('menuitemradio', { name: 'Escuro' }).click()
  expect(await ground()).not.toBe(light)
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.getByRole('button', { name: 'Tema: Escuro' }).click()
  await page.getByRole('menuitemradio', { name: 'Claro' }).click()
  expect(await ground()).toBe(light)
})

test('a page that is left and come back to keeps the choice', async ({ visitor: page }) => {
  await takeTrip(page, THREE_COMPANIES)
  await page.getByRole('button', { name: 'Melhores assentos juntos' }).click()
  await expect(page.getByRole('tab', { selected: true })).toContainText('1 de 1')
  await page.reload()
  await expect(page.getByRole('tab').filter({ hasText: '1 de 1' })).toHaveCount(1)
})
