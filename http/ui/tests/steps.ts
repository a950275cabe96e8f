// What visitors do, in the words of the page.

import { randomUUID } from 'node:crypto'

import { expect, type Locator, type Page } from '@playwright/test'

import type { Ticket } from '../src/api/schema'

/** A trip that only three companies together can sell. */
export const THREE_COMPANIES = { from: 'POA', to: 'JPA' }
/** One that a single company sells. */
export const ONE_COMPANY = { from: 'POA', to: 'GRU' }

/** A day so many from now, by Brasília's clock. */
export function inDays(days: number): string {
  const day = new Date(Date.now() + days * 86_400_000)
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'America/Sao_Paulo' }).format(day)
}

interface Trip {
  from: string
  to: string
  day?: string
  passengers?: number
  /** The day of the return; there is none without. */
  back?: string
}

export function searchAddress({ from, to, day = inDays(1), passengers = 1, back }: Trip): string {
  const words = { origem: from, destino: to, data: day, passageiros: String(passengers), ...(back && { volta: back }) }
  return `/#/?${new URLSearchParams(words).toString()}`
}

/** Searches and takes the first itinerary. */
export async function takeTrip(page: Page, trip: Trip): Promise<void> {
  await page.goto(searchAddress(trip))
  await page.getByRole('button', { name: 'Escolher assentos' }).first().click()
  await expect(page.getByRole('grid')).toBeVisible()
}

/** The best seats of each leg, one after the other. */
export async function takeBestSeats(page: Page, passengers = 1): Promise<void> {
  const legs = await page.getByRole('tab').count()
  for (let leg = 1; leg <= legs; leg++) {
    await page.getByRole('button', { name: 'Melhores assentos juntos' }).click()
    const tab = page.getByRole('tab', { selected: true })
    await expect(tab).toContainText(`${passengers} de ${passengers}`)
    if (leg < legs) await page.getByRole('button', { name: 'Próximo trecho' }).click()
  }
}

export async function namePassengers(page: Page, names: string[]): Promise<void> {
  for (const [i, name] of names.entries()) {
    await page
      .getByRole('group', { name: `Passageiro ${i + 1}` })
      .getByLabel('Nome completo')
      .fill(name)
  }
}

/** Fills in the dialog that stands open with an account of its own. */
export async function signUp(page: Page, address = ''): Promise<string> {
  const login = `ui-${randomUUID().slice(0, 13)}`
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Criar conta' }).click()
  await dialog.getByLabel('Usuário').fill(login)
  await dialog.getByLabel('Senha').fill(PASSWORD)
  await dialog.getByLabel('E-mail').fill(address)
  await dialog.getByRole('button', { name: 'Criar conta' }).click()
  await expect(dialog).toBeHidden()
  return login
}

export const PASSWORD = 'uma senha de teste'

/** Holds what is chosen, as a new customer. */
export async function holdAsNewCustomer(page: Page): Promise<void> {
  await pressHold(page)
  await signUp(page)
  await expect(page.getByRole('timer')).toBeVisible()
}

/** Opens the menu of the account and takes this of it. */
export async function chooseOfAccount(page: Page, login: string, what: string): Promise<void> {
  await page.getByRole('button', { name: `Conta de ${login}` }).click()
  await page.getByRole('menuitem', { name: what, exact: true }).click()
}

/** Gives the held seats back, and means it. */
export async function releaseHold(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Liberar assentos' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Liberar', exact: true }).click()
}

export function holdButton(page: Page): Locator {
  return page.getByRole('button', { name: 'Reservar por 15 min' })
}

export async function pressHold(page: Page): Promise<void> {
  await holdButton(page).click()
}

/** A free seat of the map that stands open. */
export async function freeSeat(page: Page, place = 0): Promise<string> {
  const seat = page.getByRole('gridcell', { name: /, livre$/ }).nth(place)
  const label = await seat.getAttribute('aria-label')
  return (label ?? '').split(',')[0] ?? ''
}

export function seat(page: Page, label: string) {
  return page.getByRole('gridcell', { name: new RegExp(`^${label},`) })
}

/** Redial, and a node's start, on a busy machine. */
export const BACK = { timeout: 60_000 }

/** As the visitor's node sees the companies. */
export async function untilAllAreUp(page: Page): Promise<void> {
  await page.goto('/#/situacao')
  await expect(page.getByText('No ar', { exact: true })).toHaveCount(3, BACK)
}

/** What the node says of the ticket on the screen. */
export async function ticketOf(page: Page): Promise<Ticket> {
  await expect(page.getByRole('heading', { name: 'Passagem', exact: true })).toBeVisible()
  const uuid = await page.getByText(/^[0-9a-f-]{36}$/).textContent()
  return asked<Ticket>(page, `/passagens/${uuid}`)
}

/** Buys a trip for one and leads to its ticket. */
export async function buy(page: Page, trip: Trip): Promise<Ticket> {
  await takeTrip(page, trip)
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  await holdAsNewCustomer(page)
  await page.getByRole('button', { name: 'Confirmar e emitir' }).click()
  await expect(page.getByRole('heading', { name: 'Viagem confirmada' })).toBeVisible()
  await page.getByRole('link', { name: 'Ver passagem' }).click()
  return ticketOf(page)
}

/** What the node answers to the visitor of the page. */
export async function asked<T>(page: Page, path: string): Promise<T> {
  const text = await page.evaluate(async (path) => {
    const { token } = JSON.parse(sessionStorage.getItem('passcom.session') ?? '{}') as { token?: string }
    const headers = { 'X-Sessao': 'cookie', ...(token && { Authorization: `Bearer ${token}` }) }
    return (await fetch(path, { headers })).text()
  }, path)
  return JSON.parse(text) as T
}

/** The node tells its tickets within seconds. */
const TOLD = { timeout: 30_000 }

/** Looks at the ticket until the news has come. */
export async function untilTold(page: Page, text: string | RegExp): Promise<void> {
  await expect(async () => {
    await page.reload()
    await expect(page.getByText(text).first()).toBeVisible({ timeout: 1000 })
  }).toPass(TOLD)
}

/** Two hours later, by the same clock. */
export const later = (instant: string) => {
  const hour = String((Number(instant.slice(11, 13)) + 2) % 24).padStart(2, '0')
  return `${instant.slice(0, 11)}${hour}${instant.slice(13, 16)}${instant.slice(19)}`
}
