// The flights of a ticket that their companies have changed.

import type { FlightChange, Ticket, TicketSeat } from '../api/schema'

export type ChangedSeat = TicketSeat & { alteracao: FlightChange }

export interface ChangedFlight {
  /** Of its company, and once in a ticket. */
  name: string
  seats: ChangedSeat[]
  /** Nothing is left to be done about it. */
  isSettled: boolean
}

/** In the order of the ticket; not those whose seats were given back. */
export function changedFlights({ trechos }: Pick<Ticket, 'trechos'>): ChangedFlight[] {
  const flights = new Map<string, ChangedSeat[]>()
  for (const seat of trechos) {
    if (!isChanged(seat)) continue
    const name = `${seat.company}/${seat.id_trecho}`
    flights.set(name, [...(flights.get(name) ?? []), seat])
  }
  return [...flights].map(([name, seats]) => ({
    name,
    seats,
    isSettled: seats.every(({ direitos }) => !direitos?.aceitar && !direitos?.reembolso_integral),
  }))
}

function isChanged(seat: TicketSeat): seat is ChangedSeat {
  return seat.estado === 'confirmado' && seat.alteracao !== undefined
}
