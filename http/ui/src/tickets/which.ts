// Which seats of a ticket are to be cancelled: of some people, on some of the flights.

import type { TicketSeat } from '../api/schema'
import { byPerson } from '../exchange/owed'
import { boundsOf, legsOf } from '../holds/legs'

export interface Which {
  people: string[]
  legs: string[]
}

export const legOf = ({ company, id_trecho }: Pick<TicketSeat, 'company' | 'id_trecho'>) => `${company}/${id_trecho}`

/** Whether somebody would be left with a way that has a gap: with flights before and after one that is gone. */
export function leavesGap(all: TicketSeat[], gone: TicketSeat[]): boolean {
  return [...byPerson(all).values()].some((seats) =>
    boundsOf(legsOf(seats)).some((legs) => {
      const kept = legs.map((leg) => leg.some((seat) => !gone.includes(seat)))
      const [first, last] = [kept.indexOf(true), kept.lastIndexOf(true)]
      return first >= 0 && kept.slice(first, last).includes(false)
    }),
  )
}
