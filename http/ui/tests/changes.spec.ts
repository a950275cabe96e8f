// A flight that its company moves, and then withdraws, under a ticket that somebody has: it is accepted, exchanged or given back.

import { expect, test } from './fixtures'
import { buy, holdAsNewCustomer, inDays, later, ONE_COMPANY, THREE_COMPANIES, ticketOf, untilTold } from './steps'

/** No other test looks at flights of this day. */
const DAY = inDays(9)
test('a flight that moved is accepted, and all of the money comes back of one that is not flown', async ({
  visitor: page,
  demo,
}) => {
  const { trechos } = await buy(page, { ...ONE_COMPANY, day: DAY })
  const [leg] = trechos
  if (!leg) throw new Error('a ticket without a leg')
  const flight = [leg.voo, leg.partida.slice(0, 10)]

  await demo.flight(leg.company, 'retime', ...flight, '--departs', later(leg.partida))
  await untilTold(page, `O voo ${leg.voo} mudou: agora sai`)
  // what was sold is struck through beside what is flown
  const departs = page.getByRole('listitem').filter({ has: page.locator('s') })
  await expect(departs.locator('s').first()).toHaveText(leg.partida.slice(11, 16))
  await expect(departs.first()).toContainText(later(leg.partida).slice(11, 16))
  await page.getByRole('button', { name: 'Aceitar a mudança' }).click()
  await expect(page.getByText('Você aceitou a mudança.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Receber tudo de volta' })).toHaveCount(0)

  await demo.flight(leg.company, 'withdraw', ...flight)
  await untilTold(page, /foi cancelado pela companhia/)
  await page.getByRole('button', { name: 'Receber tudo de volta' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Ver quanto volta' }).click()
  await expect(dialog.getByText(/tudo é devolvido/).first()).toBeVisible()
  await dialog.getByRole('button', { name: 'Cancelar mesmo assim' }).click()
  await expect(page.getByText(/^Cancelada\. Você recebe/)).toBeVisible()
  // how much came back, why and when stays on the ticket
  await expect(page.getByText(/^R\$.* de volta em .*tudo é devolvido$/)).toBeVisible()
  await expect(page.getByText('Cancelada', { exact: true })).toBeVisible()
})

test('another flight takes the place of one that was withdrawn, at no cost, also where the answer is lost', async ({
  visitor: page,
  demo,
}) => {
  const old = await buy(page, { ...THREE_COMPANIES, day: inDays(8) })
  const [leg] = old.trechos
  if (!leg) throw new Error('a ticket without a leg')
  await demo.flight(leg.company, 'withdraw', leg.voo, leg.partida.slice(0, 10))
  await untilTold(page, /foi cancelado pela companhia/)
  await expect(page.getByRole('button', { name: 'Aceitar a mudança' })).toHaveCount(0)
  await page.getByRole('link', { name: 'Escolher outro voo' }).click()

  // the way is the ticket's, prices are none, and what is sorted and filtered stays on this page
  await expect(page.getByRole('heading', { name: 'Escolha outro voo' })).toBeVisible()
  const offers = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: 'Escolher este voo' }) })
  await expect(offers.first()).toContainText('Sem custo')
  await expect(offers.first()).not.toContainText('R$')
  await page.getByRole('radiogroup', { name: 'Ordenar por' }).getByText('Duração', { exact: true }).click()
  await expect(page).toHaveURL(/#\/remarcar\/.*ordem=duracao/)
  await offers.first().getByRole('button').last().click()

  // what changes, before it does; seats are found already
  const what = page.getByRole('complementary', { name: 'O que muda' })
  await expect(what).toContainText(leg.voo)
  await expect(what).toContainText('Ana Conceição')
  await expect(page.getByRole('tab').filter({ hasText: '0 de 1' })).toHaveCount(0)
  const exchange = page.getByRole('button', { name: 'Trocar sem custo' })
  const bar = page.getByRole('region', { name: 'Próximo passo da compra' })
  await expect(bar).toContainText('Sem custo')

  // the node does it, and its answer is lost: asked again, also after a reload, it is done once
  const keys: Array<string | undefined> = []
  await page.route('**/remarcacao', async (route) => {
    keys.push(route.request().headers()['idempotency-key'])
    await route.fetch()
    await route.abort('connectionreset')
  })
  await exchange.click()
  await expect(page.getByText('Não sabemos se a troca foi feita.', { exact: false })).toBeVisible()
  await page.reload()
  await expect(page.getByText('Não sabemos se a troca foi feita.', { exact: false })).toBeVisible()
  await page.unroute('**/remarcacao')
  const repeated = page.waitForRequest('**/remarcacao')
  await page.getByRole('button', { name: 'Tentar de novo' }).click()
  expect((await repeated).headers()['idempotency-key']).toBe(keys[0])

  await expect(page.getByText('Esta passagem ficou no lugar de voos')).toBeVisible()
  const next = await ticketOf(page)
  expect(next.remarca?.uuid).toBe(old.uuid)
  expect(next.trechos.map(({ origem_iata }) => origem_iata)[0]).toBe(leg.origem_iata)

  await page.getByRole('link', { name: 'Ver a passagem anterior' }).click()
  await expect(page.getByText('Trocada por outros voos, sem custo.')).toBeVisible()
  await expect(page.getByText(/^trocado por outro voo em /)).toHaveCount(old.trechos.length)
  await page.getByRole('link', { name: 'Ver a nova passagem' }).click()
  await expect(page.getByText(next.uuid)).toBeVisible()
})

test('an exchange whose seats are taken first is offered others, and the ticket stays as it was', async ({
  visitor: page,
  newVisitor,
  demo,
}) => {
  const old = await buy(page, { ...ONE_COMPANY, day: inDays(10) })
  const [leg] = old.trechos
  if (!leg) throw new Error('a ticket without a leg')
  await demo.flight(leg.company, 'withdraw', leg.voo, leg.partida.slice(0, 10))
  await untilTold(page, /foi cancelado pela companhia/)
  await page.getByRole('link', { name: 'Escolher outro voo' }).click()
  await page.getByRole('button', { name: 'Escolher este voo' }).first().click()
  const chosen = page.getByRole('gridcell', { selected: true })
  await expect(chosen).toHaveCount(1)
  const label = ((await chosen.getAttribute('aria-label')) ?? '').split(',')[0] ?? ''

  // somebody buys that seat while this page does not hear of it
  const choice = await page.evaluate(() => sessionStorage.getItem('passcom.choice') ?? '')
  const other = await newVisitor()
  await other.goto('/')
  await other.evaluate((text) => {
    const { instead: _, ...choice } = JSON.parse(text) as { instead: unknown; travellers: unknown }
    sessionStorage.setItem(
      'passcom.choice',
      JSON.stringify({ ...choice, travellers: [{ nome: 'Outra', documento: '' }] }),
    )
  }, choice)
  await other.goto('/#/assentos')
  await other.reload()
  await holdAsNewCustomer(other)
  const offer = page.getByRole('button', { name: /^Ficar com/ })
  await expect(page.getByRole('alert').filter({ hasText: label })).toBeVisible()
  await offer.click()
  await page.getByRole('button', { name: 'Trocar sem custo' }).click()
  await expect(page.getByText('Esta passagem ficou no lugar de voos')).toBeVisible()
})
