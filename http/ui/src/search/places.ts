// Names of places as visitors type them: a city, an airport, a code; accents and case do not matter.

import type { Airport } from '../api/schema'

export interface Suggestion {
  /** What stands in the field when it is chosen. */
  text: string
  detail: string
  /** What it is found by. */
  words: string
}

export function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim()
}

/** One for each airport, and one before them for each city that has several. */
export function suggestions(airports: Airport[], allAirports: string): Suggestion[] {
  const cities = new Map<string, Airport[]>()
  for (const airport of airports) cities.set(airport.cidade, [...(cities.get(airport.cidade) ?? []), airport])
  const of = ({ iata, nome, cidade }: Airport) => ({
    text: `${cidade} (${iata})`,
    detail: nome,
    words: folded(`${cidade} ${iata} ${nome}`),
  })
  return [...cities]
    .sort(([one], [other]) => one.localeCompare(other, 'pt-BR'))
    .flatMap(([city, its]) => [
      ...(its.length > 1 ? [{ text: city, detail: allAirports, words: folded(city) }] : []),
      ...its.map(of),
    ])
}

export function matches(suggestion: Suggestion, typed: string): boolean {
  const wanted = folded(typed.replace(/[()]/g, ' ')).split(/\s+/)
  return wanted.every((word) => suggestion.words.includes(word))
}

/** What the server is asked for: the code of `São Paulo (GRU)`, else the text as it is. */
export function placeOf(text: string): string {
  return /\(([A-Z]{3})\)\s*$/.exec(text)?.[1] ?? text.trim()
}

/** How a place of the address is written in the field. */
export function textOf(place: string, airports: Airport[]): string {
  const airport = airports.find(({ iata }) => iata === place.toUpperCase())
  return airport ? `${airport.cidade} (${airport.iata})` : place
}
