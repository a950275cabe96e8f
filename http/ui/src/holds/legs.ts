// A trip as its legs: holds and tickets come as seats.

import type { HeldSeat } from '../api/schema'

/** The seats of each leg, legs in the order of departure. */
export function legsOf<T extends Pick<HeldSeat, 'company' | 'id_trecho' | 'partida'>>(seats: T[]): T[][] {
  const legs = new Map<string, T[]>()
  for (const seat of seats) {
    const key = `${seat.company}/${seat.id_trecho}`
    legs.set(key, [...(legs.get(key) ?? []), seat])
  }
  const departure = (leg: T[]) => Date.parse(leg[0]?.partida ?? '')
  return [...legs.values()].sort((one, other) => departure(one) - departure(other))
}
