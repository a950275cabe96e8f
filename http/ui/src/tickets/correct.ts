// Whose name on a ticket may be corrected, and what is asked for then.

import type { NamesBody, Ticket, TicketSeat } from '../api/schema'
import { byPerson } from '../exchange/owed'
import { toCancel } from './flown'

interface Person {
  name: string
  seats: TicketSeat[]
}

/** Who has a seat with a name on a flight that has not left. */
export function correctable(ticket: Pick<Ticket, 'trechos'>): Person[] {
  const people = byPerson(toCancel(ticket)).values()
  return [...people].flatMap((seats) => {
    const name = seats[0]?.passageiro?.nome
    return name ? [{ name, seats }] : []
  })
}

/** Every seat of those whose name was typed as another. */
export function corrections(people: Person[], typed: string[]): NamesBody['nomes'] {
  return people.flatMap(({ name, seats }, i) => {
    const nome = (typed[i] ?? name).trim()
    return nome === name ? [] : seats.map(({ company, id_assento }) => ({ company, id_assento, nome }))
  })
}
