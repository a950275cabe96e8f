// For which ways of a ticket other flights are owed, and which flights those may be. The node decides; what it would refuse is not
// offered.

import type { Itinerary, Ticket, TicketSeat } from '../api/schema'
import { boundsOf, legsOf } from '../holds/legs'
import { keyOf } from '../search/itinerary'
import type { Owed } from '../search/query'

/** One way of people who fly it together. */
export interface OwedWay {
  /** In the order of departure; of each flight those of the same people, in the same order. */
  seats: TicketSeat[]
  /** How many seats each of the flights has. */
  people: number
}

/** Out and back are exchanged one by one, and so are people whose flights differ. */
export function owedWays({ trechos }: Pick<Ticket, 'trechos'>): OwedWay[] {
  const left = trechos.filter(({ estado }) => estado === 'confirmado')
  return boundsOf(legsOf(left)).flatMap((legs) => {
    const ways = new Map<string, TicketSeat[]>()
    for (const seats of byPerson(legs.flat().filter(({ direitos }) => direitos?.remarcar)).values()) {
      const flights = [...new Set(seats.map(flightOf))].join()
      ways.set(flights, [...(ways.get(flights) ?? []), ...seats])
    }
    return [...ways.values()].map((seats) => {
      const inOrder = legsOf(seats)
      return { seats: inOrder.flat(), people: inOrder[0]?.length ?? 0 }
    })
  })
}

const flightOf = ({ company, id_trecho }: Pick<TicketSeat, 'company' | 'id_trecho'>) => `${company}/${id_trecho}`

export const personOf = ({ passageiro }: Pick<TicketSeat, 'passageiro'>) =>
  `${passageiro?.nome ?? ''}\n${passageiro?.documento ?? ''}`

/** The seats of each person, in the order in which they come. */
export function byPerson<T extends Pick<TicketSeat, 'passageiro'>>(seats: T[]): Map<string, T[]> {
  const people = new Map<string, T[]>()
  for (const seat of seats) people.set(personOf(seat), [...(people.get(personOf(seat)) ?? []), seat])
  return people
}

/** As the node has it: so many days after the old flight, those of companies that changed nothing may leave. */
const OTHERS_WITHIN_DAYS = 7
const DAY_MS = 24 * 3_600_000

export function owedOf(ticket: Pick<Ticket, 'uuid' | 'trechos'>, way: OwedWay, index: number): Owed {
  const changed = ticket.trechos.filter(({ alteracao }) => alteracao !== undefined)
  const [first] = way.seats
  const until = Date.parse(first?.partida ?? '') + OTHERS_WITHIN_DAYS * DAY_MS
  return {
    page: `remarcar/${ticket.uuid}`,
    way: index,
    companies: [...new Set(changed.map(({ company }) => company))],
    until,
    lastDay: dayAfter(first?.partida ?? '', OTHERS_WITHIN_DAYS),
    old: legsOf(way.seats)
      .map(([seat]) => (seat ? flightOf(seat) : ''))
      .join(' '),
  }
}

/** So many days later, as the day of that clock. */
function dayAfter(instant: string, days: number): string {
  return new Date(Date.parse(`${instant.slice(0, 10)}T00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

/** Not what the passenger has already, and nothing that leaves too late. */
export function isOwed(itinerary: Pick<Itinerary, 'trechos'>, { old, companies, until }: Owed): boolean {
  if (keyOf(itinerary) === old) return false
  return itinerary.trechos.every(({ company, partida }) => companies.includes(company) || Date.parse(partida) <= until)
}
