// Names of places as visitors type them: a city, an airport, a code, a nickname; accents and case do not matter.

import type { Airport } from '../api/schema'
import type { Language } from '../i18n/language'

export interface Suggestion {
  /** What stands in the field when it is chosen. */
  text: string
  detail: string
  /** What it is found by. */
  words: string
  city: string
  /** Other names of the city, as people say them. */
  nicknames: string[]
  iata?: string
}

interface Words {
  language: Language
  /** Said of a city of several airports. */
  allAirports: string
  /** Said of where one was before. */
  before: string
}

/** Where most people want to go: these come first, in this order. */
const LARGEST = [
  'São Paulo',
  'Rio de Janeiro',
  'Brasília',
  'Salvador',
  'Fortaleza',
  'Belo Horizonte',
  'Recife',
  'Porto Alegre',
  'Curitiba',
  'Manaus',
  'Belém',
  'Goiânia',
  'Florianópolis',
  'Campinas',
  'Natal',
  'Maceió',
  'João Pessoa',
]

export function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim()
}

const sizeOf = (city: string) => {
  const at = LARGEST.indexOf(city)
  return at < 0 ? LARGEST.length : at
}

/** One for each airport, and one before them for each city that has several: where one was before, then the largest cities. */
export function suggestions(airports: Airport[], words: Words, recent: readonly string[] = []): Suggestion[] {
  const cities = new Map<string, Airport[]>()
  for (const airport of airports) cities.set(airport.cidade, [...(cities.get(airport.cidade) ?? []), airport])
  const of = ({ iata, nome, nomes, cidade, apelidos }: Airport): Suggestion => ({
    text: `${cidade} (${iata})`,
    detail: nomes[words.language],
    words: folded([cidade, iata, nome, ...Object.values(nomes), ...apelidos].join(' ')),
    city: folded(cidade),
    nicknames: apelidos.map(folded),
    iata: iata.toLowerCase(),
  })
  const ofCity = (city: string, its: Airport[]): Suggestion => {
    const nicknames = [...new Set(its.flatMap(({ apelidos }) => apelidos.map(folded)))]
    const found = folded([city, ...nicknames].join(' '))
    return { text: city, detail: words.allAirports, words: found, city: folded(city), nicknames }
  }
  const all = [...cities]
    .sort(([one], [other]) => sizeOf(one) - sizeOf(other) || one.localeCompare(other, 'pt-BR'))
    .flatMap(([city, its]) => [...(its.length > 1 ? [ofCity(city, its)] : []), ...its.map(of)])
  const before = recent.flatMap((text) => all.find((one) => one.text === text) ?? [])
  const again = before.map((one) => ({ ...one, detail: `${words.before} · ${one.detail}` }))
  return [...again, ...all.filter((one) => !before.includes(one))]
}

/** Those that are meant by what was typed, the likeliest first. */
export function found(all: Suggestion[], typed: string): Suggestion[] {
  const text = folded(typed.replace(/[()]/g, ' '))
  const wanted = text.split(/\s+/)
  const rank = (one: Suggestion) => {
    if (one.iata === text) return 0
    if (one.nicknames.includes(text)) return 1
    if (one.city.startsWith(text)) return 2
    return one.words.split(/\s+/).some((word) => word.startsWith(text)) ? 3 : 4
  }
  return all
    .filter((one) => wanted.every((word) => one.words.includes(word)))
    .map((one, at) => ({ one, at, rank: rank(one) }))
    .sort((one, other) => one.rank - other.rank || one.at - other.at)
    .map(({ one }) => one)
}

/** What the server is asked for: the code of `São Paulo (GRU)`, else the text as it is; it knows nicknames, too. */
export function placeOf(text: string): string {
  return /\(([A-Z]{3})\)\s*$/.exec(text)?.[1] ?? text.trim()
}

/** How a place of the address is written in the field. */
export function textOf(place: string, airports: Airport[]): string {
  const airport = airports.find(({ iata }) => iata === place.toUpperCase())
  return airport ? `${airport.cidade} (${airport.iata})` : place
}

const EARTH_KM = 6371
/** Whoever looks for another airport would travel so far to it. */
const NEAR_KM = 250

/** Airports near these ones, the nearest first. */
export function near(airports: Airport[], codes: string[]): Airport[] {
  const here = airports.find(({ iata }) => codes.includes(iata))
  if (!here) return []
  return airports
    .filter(({ iata }) => !codes.includes(iata))
    .map((airport) => ({ airport, km: distance(here, airport) }))
    .filter(({ km }) => km <= NEAR_KM)
    .sort((one, other) => one.km - other.km)
    .map(({ airport }) => airport)
}

function distance(from: Airport, to: Airport): number {
  if (from.latitude === null || from.longitude === null || to.latitude === null || to.longitude === null)
    return Infinity
  const radians = (degrees: number) => (degrees * Math.PI) / 180
  const [a, b] = [radians(from.latitude), radians(to.latitude)]
  const [dLat, dLon] = [b - a, radians(to.longitude - from.longitude)]
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(dLon / 2) ** 2
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(h)))
}
