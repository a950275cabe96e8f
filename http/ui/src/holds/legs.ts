// A trip as its legs: holds and tickets come as seats.

import type { HeldSeat } from '../api/schema'
import type { Dictionary } from '../i18n'

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

type Bound = Pick<HeldSeat, 'partida' | 'chegada' | 'origem_iata' | 'destino_iata'>

/** No connection is longer. */
const CONNECTION_MAX_MS = 24 * 3_600_000

/** The legs of each journey: one that does not go on where the last ended, or long after it, begins another. */
export function boundsOf<T extends Bound>(legs: T[][]): T[][][] {
  const bounds: T[][][] = []
  for (const leg of legs) {
    const before = bounds.at(-1)?.at(-1)?.[0]
    const [first] = leg
    const goesOn =
      before !== undefined &&
      first !== undefined &&
      before.destino_iata === first.origem_iata &&
      Date.parse(first.partida) - Date.parse(before.chegada) <= CONNECTION_MAX_MS
    if (goesOn) bounds.at(-1)?.push(leg)
    else bounds.push([leg])
  }
  return bounds
}

/** `Porto Alegre – João Pessoa`, of the outward journey where there is a return. */
export function tripName(t: Dictionary, seats: HeldSeat[]): string {
  const bounds = boundsOf(legsOf(seats))
  const [first] = bounds
  const name = [first?.[0]?.[0]?.origem, first?.at(-1)?.[0]?.destino].filter(Boolean).join(' – ')
  return bounds.length === 2 ? `${name}, ${t.tickets.roundTrip}` : name
}
