// At the gate: what the code of an e-ticket leads to, before and after something became of its flight, and without a connection.

import type { Page } from '@playwright/test'

import type { Ticket } from '../src/api/schema'
import type { Demo } from './demo'
import { expect, test } from './fixtures'
import { buy, inDays, later, ONE_COMPANY } from './steps'

/** No other test looks at flights of the first. */
const DAYS = [inDays(13), inDays(5)] as const

const labelOf = ({ fileira, letra }: Ticket['trechos'][number]) => `${fileira ?? ''}${letra ?? ''}`

/** What the QR code on the e-ticket of its only traveller says. */
function codeOf(demo: Demo, { uuid, trechos }: Ticket): Promise<string> {
  const seat = (leg: Ticket['trechos'][number]) => [
    leg.company,
    leg.voo,
    leg.origem_iata,
    leg.destino_iata,
    Date.parse(leg.partida) / 1000,
    leg.numero,
  ]
  return demo.sealed('a', 'bilhete', {
    u: uuid.replaceAll('-', ''),
    t: Math.floor(Date.now() / 1000),
    n: 'Ana Conceição',
    l: trechos.map(seat),
    s: trechos.map(labelOf),
  })
}

const verdict = (page: Page, title: string) => page.getByRole('heading', { name: title, exact: true })

test('a code is of another day, then changed, then cancelled, and says who was asked', async ({
  visitor: page,
  newVisitor,
  demo,
}) => {
  const ticket = await buy(page, { ...ONE_COMPANY, day: DAYS[0] })
  const [leg] = ticket.trechos
  if (!leg) throw new Error('a ticket without a leg')
  const gate = await newVisitor()
  await gate.goto(`/#/bilhete/${await codeOf(demo, ticket)}`)
  await expect(verdict(gate, 'Não é para hoje')).toBeVisible()
  const seat = gate.getByRole('listitem').filter({ hasText: leg.voo })
  await expect(seat).toContainText(`Assento ${labelOf(leg)}`)
  await expect(seat).toContainText('Ana Conceição')
  // the company that flies it was asked, whichever node the gate stands at
  const flownBy = { a: 'Andorinha', b: 'Beija-Flor', c: 'Canário' }[leg.company] ?? ''
  await expect(gate.getByText(new RegExp(`^Conferido às .* com ${flownBy}$`))).toBeVisible()

  await demo.flight(leg.company, 'retime', leg.voo, leg.partida.slice(0, 10), '--departs', later(leg.partida))
  await expect(async () => {
    await gate.getByRole('button', { name: 'Conferir de novo' }).click()
    await expect(verdict(gate, 'O voo mudou')).toBeVisible({ timeout: 1000 })
  }).toPass({ timeout: 30_000 })
  await expect(seat.locator('s')).toContainText(leg.partida.slice(11, 16))
  await expect(seat).toContainText(later(leg.partida).slice(11, 16))

  await page.reload()
  await page.getByRole('button', { name: 'Receber tudo de volta' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Ver quanto volta' }).click()
  await dialog.getByRole('button', { name: 'Cancelar mesmo assim' }).click()
  await expect(page.getByText(/^Cancelada\. Você recebe/)).toBeVisible()
  await gate.getByRole('button', { name: 'Conferir de novo' }).click()
  await expect(verdict(gate, 'Cancelado')).toBeVisible()
  await expect(gate.getByRole('alert')).toContainText('Não embarque')
})

test('a code of today is good to board, and without a connection only its signature is', async ({
  visitor: page,
  demo,
  baseURL,
}) => {
  const ticket = await buy(page, { ...ONE_COMPANY, day: DAYS[1] })
  const code = await codeOf(demo, ticket)
  // the node's own answer, as it will be on that day
  const today = (text: string) => text.replaceAll(DAYS[1], inDays(0)).replace(/T\d\d:\d\d/g, 'T23:59')
  await page.route('**/bilhetes/*', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, body: today(await answer.text()) })
  })
  await page.goto(`/#/bilhete/${code}`)
  await expect(verdict(page, 'Válido para hoje')).toBeVisible()
  await page.unroute('**/bilhetes/*')

  // the keys were fetched while there was a connection
  await page.evaluate(() => fetch('/chaves'))
  await page.route('**/bilhetes/*', (route) => route.abort('internetdisconnected'))
  await page.goto(`/#/bilhete/${code}`)
  await page.reload()
  await expect(page.getByText('Só a assinatura foi conferida', { exact: false })).toBeVisible()
  await expect(page.getByText(/neste aparelho, sem conexão$/)).toBeVisible()
  await expect(verdict(page, 'Válido para hoje')).toHaveCount(0)
  await expect(page.getByRole('listitem').filter({ hasText: 'Ana Conceição' })).toBeVisible()

  // a letter is another one
  const forged = code.replace(/\.(.)/, (_, letter: string) => `.${letter === 'e' ? 'f' : 'e'}`)
  await page.goto(`/#/bilhete/${forged}`)
  await expect(verdict(page, 'Este código não é de um bilhete')).toBeVisible()
  expect(baseURL).toBeTruthy()
})

test('a non-stop flight whose seats are all taken is shown as sold out', async ({ visitor: page }) => {
  // as a node tells it whose flight is full: nobody fills an aircraft in a test
  await page.route('**/rotas?*', async (route) => {
    const answer = await route.fetch()
    const told = (await answer.json()) as {
      rotas: Array<{ trechos: object[]; duracao_min: number }>
      esgotados: object[]
    }
    const [first, ...rotas] = told.rotas
    const trecho = { ...first?.trechos[0], livres: 0 }
    await route.fulfill({
      response: answer,
      json: { ...told, rotas, esgotados: [...told.esgotados, { trecho, duracao_min: first?.duracao_min }] },
    })
  })
  await page.goto(`/#/?origem=POA&destino=GRU&data=${inDays(1)}&passageiros=1`)
  const gone = page.getByRole('region', { name: 'Voos diretos esgotados' })
  await expect(gone.getByRole('listitem')).toHaveCount(1)
  await expect(gone).toContainText('Esgotado')
  await expect(gone.getByRole('button')).toHaveCount(0)
})
