// The itineraries that were picked for a trip, before seats are chosen. They outlive a reload, and are of one search only.

import type { Itinerary } from '../api/schema'
import { store } from '../api/store'
import { SEATS_MAX, type Search, type Way } from './query'

interface Picks {
  /** Of which search. */
  of: string
  outward?: Itinerary
  back?: Itinerary
}

const picks = store<Picks>({ of: '' }, { key: 'passcom.picks', in: 'sessionStorage' })

/** What makes it another trip: not the filters, nor the order. */
export function tripOf({ outward, back, passageiros }: Search): string {
  const places = [outward, back].map((one) => one && `${one.origem} ${one.destino} ${one.data.toString()}`)
  return [...places, passageiros].join('|')
}

export function usePicks(search: Search): Pick<Picks, Way> {
  const now = picks.use()
  return now.of === tripOf(search) ? now : {}
}

/** Picks it, or takes the pick back. */
export function pick(search: Search, way: Way, itinerary: Itinerary | undefined): void {
  const of = tripOf(search)
  const { [way]: _, ...others } = picks.get().of === of ? picks.get() : { of }
  picks.set({ ...others, of, ...(itinerary && { [way]: itinerary }) })
}

export function forgetPicks(): void {
  picks.set({ of: '' })
}

/** Whether both fit into one booking. */
export const fits = (legs: number, passengers: number): boolean => legs * passengers <= SEATS_MAX
