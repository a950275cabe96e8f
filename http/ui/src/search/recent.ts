// Where the visitor was before: the places of the last searches, as they stand in the field. They outlive the tab, and not a sign-out.

import { store } from '../api/store'

/** More would hide what most people look for. */
const RECENT_MAX = 4

const recent = store<string[]>([], { key: 'passcom.places', in: 'localStorage' })

export const useRecent = recent.use

/** These were asked for now, the first of them the last to be forgotten. */
export function noteSearched(places: string[]): void {
  recent.set(joined(places, recent.get()))
}

export function joined(places: string[], before: string[]): string[] {
  const asked = places.map((place) => place.trim()).filter((place) => place !== '')
  return [...new Set([...asked, ...before])].slice(0, RECENT_MAX)
}

export function forgetRecent(): void {
  recent.set([])
}
