// Why there is nothing on a day, as far as what is on sale on other days and for fewer passengers tells.

import type { Itinerary } from '../api/schema'
import { SEATS_MAX } from './query'

export interface Fewer {
  /** So many can fly on that day; 0 where nobody can. */
  fit: number
  /** More would be too many seats for one booking; there may be as many free. */
  isTooMany: boolean
}

/** `rotas`: what there is for one; `ways`: of how many ways the booking is. */
export function fewerOf(rotas: Array<Pick<Itinerary, 'livres' | 'trechos'>>, wanted: number, ways: number): Fewer {
  const seatsFor = ({ trechos }: Pick<Itinerary, 'trechos'>) => Math.floor(SEATS_MAX / (trechos.length + ways - 1))
  const fit = Math.max(0, ...rotas.map((one) => Math.min(one.livres, seatsFor(one), wanted - 1)))
  return { fit, isTooMany: rotas.some((one) => one.livres >= wanted && seatsFor(one) < wanted) }
}

export type Why = 'tooMany' | 'soldOut' | 'notYet' | 'noRoute' | 'notThatDay'

interface Known {
  day: string
  passageiros: number
  fewer: Fewer
  /** Days on which there is something. */
  on: Array<{ data: string }>
}

export function whyNothing({ day, fewer, on }: Known): Why {
  if (fewer.fit > 0) return fewer.isTooMany ? 'tooMany' : 'soldOut'
  if (on.length === 0) return 'noRoute'
  // timetables are published up to a day: after the last one there is nothing yet
  return on.every(({ data }) => data < day) ? 'notYet' : 'notThatDay'
}
