// What the visitor has chosen so far. It outlives a reload, a session that ended and a booking that was refused.
//
// Invariants: of each leg at most one seat per passenger is chosen, and only seats that looked free; while they are in a hold, or
// may be, nothing of the choice changes.

import type { HoldBody, Leg, Money, RebookBody, TicketSeat } from '../api/schema'
import type { LegRef } from '../api/queries'
import { store } from '../api/store'
import { contactOf, NOBODY, passengerOf, type Contact, type Traveller } from '../people/people'

export interface Choice {
  /** All legs, the outward ones first. */
  legs: Leg[]
  /** With which leg each journey begins: `[0]`, or `[0, 3]` of one there and back. */
  starts?: number[]
  /** As many as there are passengers. */
  travellers: Traveller[]
  /** How to reach who books. */
  contact?: Contact
  /** The travellers are to be kept for the next booking. */
  remember?: boolean
  /** Chosen seats by leg, the k-th is the k-th traveller's. */
  seats: Record<string, number[]>
  /** The seats of a ticket whose place these take, at no cost. */
  instead?: Instead
  /** The travellers can do what a seat at an exit demands, and want to. */
  mayHelp?: boolean
  /** Seats by leg that others took, until as many are chosen again. */
  lost?: Record<string, number[]>
  /** What was sent to hold them and not answered for good: they may be held by us. Sent again, it is the same hold. */
  attempt?: Attempt
  /** The hold that these seats are in. */
  hold?: string
  /** When they left it, by this machine's clock. */
  freedAt?: number
}

export interface Attempt {
  key: string
  body: HoldBody | RebookBody
}

export interface Instead {
  ticket: string
  /** As they were sold, in the order of departure. */
  seats: TicketSeat[]
}

const choice = store<Choice | undefined>(undefined, { key: 'passcom.choice', in: 'sessionStorage' })

export const useChoice = choice.use
/** As it is now, not as it was drawn. */
export const choiceNow = choice.get

export const legKey = ({ company, id }: LegRef) => `${company}/${id}`

/** The seats are held by us, or may be. */
export const isLocked = ({ hold, attempt }: Choice) => hold !== undefined || attempt !== undefined

export const chosenOf = ({ seats }: Choice, leg: LegRef): number[] => seats[legKey(leg)] ?? []

/** Whether it is chosen now. */
export const isChosen = (leg: LegRef, seat: number): boolean => {
  const now = choice.get()
  return now !== undefined && chosenOf(now, leg).includes(seat)
}

export const lostOf = ({ lost }: Choice, leg: LegRef): number[] => lost?.[legKey(leg)] ?? []

/** A new trip of these journeys; the names stay where the same people travel. */
export function begin(journeys: Leg[][], passengers: number): void {
  const before = choice.get()?.instead ? [] : (choice.get()?.travellers ?? [])
  const travellers = Array.from({ length: passengers }, (_, i) => before[i] ?? NOBODY)
  const starts = journeys.map((_, i) => journeys.slice(0, i).reduce((sum, legs) => sum + legs.length, 0))
  const contact = choice.get()?.contact
  choice.set({ legs: journeys.flat(), starts, travellers, seats: {}, ...(contact && { contact }) })
}

export function forget(): void {
  choice.set(undefined)
}

/** Flights of the same people in place of others, with the seats that were found for them. */
export function beginInstead(legs: Leg[], instead: Instead, seats: Choice['seats']): void {
  const [first] = instead.seats
  const people = instead.seats.filter((seat) => seat.company === first?.company && seat.id_trecho === first.id_trecho)
  // what else is known of them stays with the companies that carry them
  const travellers = people.map(({ passageiro }) => ({ ...NOBODY, nome: passageiro?.nome ?? '' }))
  choice.set({ legs, starts: [0], travellers, seats, instead })
}

function change(next: (choice: Choice) => Choice): void {
  const now = choice.get()
  if (now) choice.set(next(now))
}

function changeOpen(next: (choice: Choice) => Choice): void {
  change((now) => (isLocked(now) ? now : next(now)))
}

export function setSeats(leg: LegRef, seats: number[]): void {
  changeOpen((now) => {
    const chosen = seats.slice(0, now.travellers.length)
    const lost = chosen.length < now.travellers.length ? lostOf(now, leg) : []
    return withSeats(now, leg, chosen, lost)
  })
}

/** Others took these of the chosen seats. */
export function lose(leg: LegRef, taken: number[]): void {
  changeOpen((now) => {
    const left = chosenOf(now, leg).filter((seat) => !taken.includes(seat))
    return withSeats(now, leg, left, [...new Set([...lostOf(now, leg), ...taken])])
  })
}

function withSeats(now: Choice, leg: LegRef, seats: number[], lost: number[]): Choice {
  const key = legKey(leg)
  return { ...now, seats: { ...now.seats, [key]: seats }, lost: { ...now.lost, [key]: lost } }
}

/** Chooses a seat or gives it back; false if every traveller has one already. */
export function toggle(leg: LegRef, seat: number): boolean {
  const now = choice.get()
  if (!now) return false
  const chosen = chosenOf(now, leg)
  if (chosen.includes(seat)) {
    setSeats(
      leg,
      chosen.filter((one) => one !== seat),
    )
    return true
  }
  if (chosen.length < now.travellers.length) {
    setSeats(leg, [...chosen, seat])
    return true
  }
  // a single traveller changes seats with one press
  if (now.travellers.length === 1) setSeats(leg, [seat])
  return now.travellers.length === 1
}

/** They agree to what a seat at an exit demands. */
export function agreeToHelp(): void {
  changeOpen((now) => ({ ...now, mayHelp: true }))
}

export function setTraveller(index: number, traveller: Traveller): void {
  changeOpen((now) => ({ ...now, travellers: now.travellers.map((one, i) => (i === index ? traveller : one)) }))
}

export function setContact(contact: Contact): void {
  changeOpen((now) => ({ ...now, contact }))
}

export function setRemember(remember: boolean): void {
  changeOpen((now) => ({ ...now, remember }))
}

/** The visitor agrees to what these legs cost now. */
export function setPrices(prices: Array<LegRef & { preco: Money }>): void {
  const priceOf = (leg: Leg) => prices.find((one) => legKey(one) === legKey(leg))?.preco ?? leg.preco
  changeOpen((now) => ({ ...now, legs: now.legs.map((leg) => ({ ...leg, preco: priceOf(leg) })) }))
}

/** The seats are in this hold, or no longer in any. */
export function setHold(uuid: string | undefined): void {
  change(({ hold: _, attempt: __, ...now }) => ({
    ...now,
    ...(uuid === undefined ? { freedAt: Date.now() } : { hold: uuid }),
  }))
}

/** The legs of each journey of the trip. */
export function journeysOf({ legs, starts = [0] }: Choice): Leg[][] {
  return starts.map((start, i) => legs.slice(start, starts[i + 1]))
}

export const missingOf = (now: Choice): number =>
  now.legs.reduce((sum, leg) => sum + now.travellers.length - chosenOf(now, leg).length, 0)

/** What the trip costs for all; nothing where currencies differ. */
export function totalOf({ legs, travellers }: Choice): Money | undefined {
  const first = legs[0]?.preco
  if (first === undefined || legs.some(({ preco }) => preco.moeda !== first.moeda)) return undefined
  const each = legs.reduce((sum, { preco }) => sum + preco.centavos, 0)
  return { ...first, centavos: each * travellers.length }
}

/** What is to be sent of the choice as it is now: the same as before, until that has its answer. */
export function attemptOf(now: Choice): Attempt {
  const attempt = now.attempt ?? { key: randomKey(), body: bodyOf(now) }
  change((now) => ({ ...now, attempt }))
  return attempt
}

/** It held nothing: the next one is another. */
export function dropAttempt(): void {
  change(({ attempt: _, ...now }) => now)
}

function bodyOf(now: Choice): HoldBody | RebookBody {
  const { instead } = now
  const trechos = now.legs.flatMap((leg) =>
    chosenOf(now, leg).map((seat) => ({
      company: leg.company,
      id_trecho: leg.id,
      id_assento: seat,
      // what is exchanged costs nothing, whatever it is sold for
      ...(!instead && priceOf(leg)),
    })),
  )
  const passageiros = now.travellers.map(passengerOf)
  const contato = now.contact && contactOf(now.contact)
  if (!instead) return { trechos, passageiros, ...(contato && { contato }) }
  const assentos = instead.seats.map(({ company, id_assento }) => `${company}:${id_assento}`).join()
  // where names are missing the node gives the seats to those who had the old ones
  return { trechos, assentos, ...(passageiros.every(({ nome }) => nome) && { passageiros }) }
}

/** What the visitor was shown that it costs: at another price nothing is begun. */
const priceOf = ({ preco: { centavos, moeda } }: Leg) => ({ preco: { centavos, moeda } })

/** crypto.randomUUID is there over https only, and a node may be reached without. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
