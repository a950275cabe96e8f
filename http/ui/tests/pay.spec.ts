// A company that wants to be paid before it makes a ticket of a hold, with the provider that takes no money.

import AxeBuilder from '@axe-core/playwright'
import { env } from 'node:process'
import type { Page } from '@playwright/test'

import type { Hold, Payment } from '../src/api/schema'
import { Demo } from './demo'
import { expect, test as base } from './fixtures'
import {
  asked,
  holdAsNewCustomer,
  inDays,
  namePassengers,
  ONE_COMPANY,
  releaseHold,
  takeBestSeats,
  takeTrip,
} from './steps'

/** Ports beyond those of the cluster of the other tests. */
const OWN = 5

// a cluster of its own: in it nothing is confirmed unpaid
const test = base.extend<object, { demo: Demo }>({
  demo: [
    async ({}, use) => {
      const demo = await Demo.start(OWN)
      await demo.wantPayment('a')
      await use(demo)
      await demo.stop()
    },
    { scope: 'worker', timeout: 360_000 },
  ],
})

async function holdOne(page: Page, day = inDays(2)): Promise<string> {
  await takeTrip(page, { ...ONE_COMPANY, day })
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await holdAsNewCustomer(page)
  await expect(page.getByRole('heading', { name: 'Pagamento', exact: true })).toBeVisible()
  return new URL(page.url()).hash.split('/').pop() ?? ''
}

const choose = (page: Page, outcome: string) => page.getByText(outcome, { exact: true }).click()
const payButton = (page: Page, name = 'Pagar') => page.getByRole('button', { name, exact: true })
const confirmButton = (page: Page) => page.getByRole('button', { name: 'Confirmar e emitir' })
const paymentOf = (page: Page, uuid: string) => asked<Payment>(page, `/retencoes/${uuid}/pagamento`)

test('a hold is paid, in a second try, and then confirmed', async ({ visitor: page }) => {
  const uuid = await holdOne(page)
  await expect(confirmButton(page)).toHaveCount(0)

  await payButton(page).click()
  await expect(page.getByText('Escolha ou informe como pagar.')).toBeVisible()
  await choose(page, 'Recusado')
  await payButton(page).click()
  await expect(page.getByText('Pagamento recusado')).toBeVisible()
  await expect(page.getByText('Você ainda pode tentar mais 4 vezes.')).toBeVisible()
  await expect(confirmButton(page)).toHaveCount(0)

  await choose(page, 'Pago depois de alguns segundos')
  await payButton(page, 'Pagar de novo').click()
  await expect(page.getByText('Pagamento em análise')).toBeVisible()
  await expect(page.getByText(/^Pago · R\$/)).toBeVisible()
  expect(await paymentOf(page, uuid)).toMatchObject({ estado: 'pago', tentativa: 2 })

  await confirmButton(page).click()
  await expect(page.getByRole('heading', { name: 'Viagem confirmada' })).toBeVisible()
})

test('a payment whose answer was lost keeps its attempt, also over a reload', async ({ visitor: page }) => {
  const uuid = await holdOne(page)
  const bodies: unknown[] = []
  await page.route(`**/retencoes/${uuid}/pagamento`, async (route) => {
    if (route.request().method() !== 'POST') return route.abort()
    bodies.push(route.request().postDataJSON())
    // it never gets there
    await route.abort()
  })
  await choose(page, 'Pago na hora')
  await payButton(page).click()
  await expect(page.getByText('Não sabemos se o pagamento chegou.')).toBeVisible()
  await page.unroute(`**/retencoes/${uuid}/pagamento`)

  await page.reload()
  await expect(page.getByText('Não sabemos se o pagamento chegou.')).toBeVisible()
  const paid = page.getByRole('radio', { name: 'Pago na hora' })
  await expect(paid).toBeChecked()
  // what may be on its way is not another one
  await choose(page, 'Recusado')
  await expect(paid).toBeChecked()
  const again = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/pagamento'))
  await payButton(page).click()
  expect([...bodies, (await again).postDataJSON()]).toEqual([
    { meio: 'test-paid', tentativa: 1 },
    { meio: 'test-paid', tentativa: 1 },
  ])
  await expect(page.getByText(/^Pago · R\$/)).toBeVisible()
})

test('what was paid for a hold that is given back goes back, and is told', async ({ visitor: page }) => {
  const uuid = await holdOne(page)
  const { preco } = await asked<Hold>(page, `/retencoes/${uuid}`)
  await choose(page, 'Pago na hora')
  await payButton(page).click()
  await expect(page.getByText(/^Pago · R\$/)).toBeVisible()
  await page.getByRole('button', { name: 'Liberar assentos' }).click()
  await expect(page.getByRole('dialog').getByText('O que você pagou volta inteiro para você.')).toBeVisible()
  await page.keyboard.press('Escape')
  await releaseHold(page)
  await expect(page.getByRole('heading', { name: 'Assentos liberados' })).toBeVisible()
  await expect(page.getByText('nada foi cobrado')).toHaveCount(0)
  await expect(page.getByText(/voltaram para você, pelo mesmo meio/)).toBeVisible()
  expect((await paymentOf(page, uuid)).devolucao).toEqual({ devida: preco, feita: preco })
})

test('what comes back for a cancelled ticket is told with its sum', async ({ visitor: page }) => {
  await holdOne(page)
  await choose(page, 'Pago, com aviso repetido')
  await payButton(page).click()
  await confirmButton(page).click()
  await page.getByRole('link', { name: 'Ver passagem' }).click()
  await page.getByRole('button', { name: 'Cancelar' }).click()
  await page.getByRole('button', { name: 'Ver quanto volta' }).click()
  await page.getByRole('button', { name: 'Cancelar mesmo assim' }).click()
  await expect(page.getByText('Devolução do pagamento')).toBeVisible()
  // the node asks for it within some seconds
  await expect(page.getByText(/R\$.* já voltaram para você/)).toBeVisible({ timeout: 30_000 })
})

test('the step is taken without a mouse', async ({ visitor: page }) => {
  await holdOne(page)
  await page.getByRole('radio', { name: 'Pago na hora' }).focus()
  await page.keyboard.press('Space')
  await payButton(page).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByText(/^Pago · R\$/)).toBeVisible()
  // the button that was pressed is gone
  await expect(page.getByRole('heading', { name: 'Pagamento', exact: true })).toBeFocused()
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on the step, and nothing scrolls sideways, ${colorScheme}`, async ({ visitor: page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const looks: Array<[name: string, open: () => Promise<void>]> = [
      ['pay', async () => void (await holdOne(page))],
      ['pay-missing', () => payButton(page).click()],
      [
        'pay-refused',
        async () => {
          await choose(page, 'Recusado')
          await payButton(page).click()
          await expect(page.getByText('Pagamento recusado')).toBeVisible()
        },
      ],
      [
        'pay-pending',
        async () => {
          await choose(page, 'Pago depois de alguns segundos')
          await payButton(page, 'Pagar de novo').click()
          await expect(page.getByText('Pagamento em análise')).toBeVisible()
        },
      ],
      ['pay-paid', () => expect(page.getByText(/^Pago · R\$/)).toBeVisible()],
      [
        'pay-back',
        async () => {
          await releaseHold(page)
          await expect(page.getByText('Devolução do pagamento')).toBeVisible()
        },
      ],
    ]
    const found: Record<string, unknown> = {}
    for (const [name, open] of looks) {
      await page.setViewportSize({ width: 1440, height: 900 })
      await open()
      for (const width of name === 'pay-pending' ? [360] : [360, 1440]) {
        await page.setViewportSize({ width, height: width === 360 ? 740 : 900 })
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        expect(over, name).toBeLessThanOrEqual(0)
        if (env['PASSCOM_PICTURES'] === 'all') {
          await page.screenshot({ path: `screenshots/${name}-${width}-${colorScheme}.png`, fullPage: true })
        }
      }
      const { violations } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag22aa', 'best-practice'])
        .analyze()
      if (violations.length > 0) found[name] = violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])
    }
    expect(found).toEqual({})
  })
}
