// The search as it stands in the address: what is asked for can be sent to a friend, and Back works.
//
// A trip is one journey, or an outward and a return one, each with a day and filters of its own. Those of the return stand in the
// address under the same names with `volta_` before them.

import { parseDate, today, type CalendarDate } from '@internationalized/date'

import type { SearchQuery } from '../api/queries'

/** Of the orders that the node knows, those that are offered. */
export type Sort = Extract<SearchQuery['ordem'], 'melhor' | 'preco' | 'duracao' | 'partida' | 'chegada'>
export const SORTS: Sort[] = ['melhor', 'preco', 'duracao', 'partida', 'chegada']
export const PASSENGERS_MAX = 9
/** Seats of one booking. */
export const SEATS_MAX = 16
/** Legs of one journey, where the seats of a booking allow it. */
const LEGS_MAX = 4

const FILTERS = [
  'partida_de',
  'partida_ate',
  'chegada_de',
  'chegada_ate',
  'companhias',
  'max_conexoes',
  'duracao_max',
  'preco_max',
  'folga',
] as const
export type Filter = (typeof FILTERS)[number]
/** What is wanted of a journey beyond places and day, as the node's parameters say it. */
export type Wishes = Partial<Record<Filter, string>>

export interface Journey {
  origem: string
  destino: string
  data: CalendarDate
  wishes: Wishes
}

export interface Search {
  outward: Journey
  back?: Journey
  passageiros: number
  ordem: Sort
  /** Which of the two is being chosen, where they do not stand beside each other. */
  step?: Way
  /** It looks for flights that are owed in place of others. */
  owed?: Owed
}

/** What is owed in place of flights that their company has changed: the same way, at no cost. */
export interface Owed {
  /** The page on which it is looked for, and which of the ways of the ticket. */
  page: string
  way: number
  /** Those that changed something fly on any day. */
  companies: string[]
  /** Until then the flights of the others may leave, and the day of that by the clock of the origin. */
  until: number
  lastDay: string
  /** The flights as they are now, by which nothing would change. */
  old: string
}

/** Which of the journeys of a trip. */
export type Way = 'outward' | 'back'

export function searchOf(query: URLSearchParams): Search {
  const passengers = Number(query.get('passageiros'))
  const outward: Journey = {
    origem: query.get('origem') ?? '',
    destino: query.get('destino') ?? '',
    data: dateOf(query.get('data')) ?? today('America/Sao_Paulo'),
    wishes: wishesOf(query, ''),
  }
  const returns = dateOf(query.get('volta'))
  const back = returns && {
    origem: query.get('volta_origem') ?? outward.destino,
    destino: query.get('volta_destino') ?? outward.origem,
    data: notBefore(returns, outward.data),
    wishes: wishesOf(query, 'volta_'),
  }
  return {
    outward,
    ...(back && { back }),
    passageiros: Number.isInteger(passengers) && passengers >= 1 ? Math.min(passengers, PASSENGERS_MAX) : 1,
    ordem: SORTS.find((sort) => sort === query.get('ordem')) ?? 'melhor',
    ...(query.get('etapa') === 'volta' && { step: 'back' }),
  }
}

export function addressOf(search: Search): string {
  const { outward, back, passageiros, ordem, owed } = search
  const { origem, destino, data, wishes } = outward
  // where to, and for how many, the ticket says
  const words = new URLSearchParams(owed ? { via: String(owed.way) } : { origem, destino })
  words.set('data', data.toString())
  if (back) {
    words.set('volta', back.data.toString())
    if (!isRoundTrip(search)) {
      words.set('volta_origem', back.origem)
      words.set('volta_destino', back.destino)
    }
  }
  if (!owed) words.set('passageiros', String(passageiros))
  if (ordem !== 'melhor') words.set('ordem', ordem)
  for (const [name, value] of Object.entries(wishes)) words.set(name, value)
  for (const [name, value] of Object.entries(back?.wishes ?? {})) words.set(`volta_${name}`, value)
  if (back && search.step === 'back') words.set('etapa', 'volta')
  return `#/${owed?.page ?? ''}?${words.toString()}`
}

/** One that comes back to where it began, from where it led to. */
export const isRoundTrip = ({ outward, back }: Search): boolean =>
  back !== undefined && back.origem === outward.destino && back.destino === outward.origem

/** What the node is asked for one journey of it. */
export function wireOf(search: Search, way: Way = 'outward'): SearchQuery {
  const { origem, destino, data, wishes } = journeyOf(search, way)
  const { partida_de, partida_ate, chegada_de, chegada_ate } = wishes
  const companhias = companiesOf(search, way)
  const numbers = Object.fromEntries(
    (['max_conexoes', 'duracao_max', 'preco_max', 'folga'] as const).flatMap((name) =>
      wishes[name] === undefined ? [] : [[name, Number(wishes[name])]],
    ),
  )
  return {
    origem,
    destino,
    data: data.toString(),
    passageiros: search.passageiros,
    ordem: search.ordem,
    ...(search.back && { max_trechos: legsMax(search.passageiros) }),
    ...(search.owed && { max_trechos: Math.min(LEGS_MAX, Math.floor(SEATS_MAX / search.passageiros)) }),
    ...(companhias && { companhias }),
    ...(partida_de && { partida_de }),
    ...(partida_ate && { partida_ate }),
    ...(chegada_de && { chegada_de }),
    ...(chegada_ate && { chegada_ate }),
    ...numbers,
  }
}

/** Whose flights may be taken; nothing where all may. */
function companiesOf({ owed, ...search }: Search, way: Way): string | undefined {
  const { data, wishes } = journeyOf(search, way)
  if (!owed || data.toString() <= owed.lastDay) return wishes.companhias
  const wanted = wishes.companhias?.split(',') ?? owed.companies
  return owed.companies.filter((company) => wanted.includes(company)).join() || owed.companies.join()
}

/** Legs of each of two journeys, so that one leg of the other still fits into the booking. */
const legsMax = (passengers: number) => Math.max(1, Math.min(LEGS_MAX, Math.floor(SEATS_MAX / passengers) - 1))

export const journeyOf = (search: Search, way: Way): Journey =>
  way === 'back' ? (search.back ?? search.outward) : search.outward

export function withJourney(search: Search, way: Way, change: Partial<Journey>): Search {
  const next = { ...journeyOf(search, way), ...change }
  // a filter that names a day is of that day
  if (change.data) {
    next.wishes = Object.fromEntries(Object.entries(next.wishes).filter(([, value]) => !value.includes('T')))
  }
  if (way === 'back') return { ...search, back: next }
  const back = search.back && { ...search.back, data: notBefore(search.back.data, next.data) }
  return { ...search, outward: next, ...(back && { back }) }
}

/** Filters as a visitor counts them: the two ends of a time are one, and the width of the list is none. */
export const countOf = (wishes: Wishes): number =>
  new Set(Object.keys(wishes).flatMap((name) => (name === 'folga' ? [] : [name.replace(/_(de|ate)$/, '')]))).size

/** A day is that of the origin, wherever the visitor is: the first to be asked for is today where Brazil is last. */
export const firstDay = () => today('America/Rio_Branco')

export const notBefore = (day: CalendarDate, first: CalendarDate) => (day.compare(first) < 0 ? first : day)

function wishesOf(query: URLSearchParams, prefix: string): Wishes {
  return Object.fromEntries(
    FILTERS.flatMap((name) => {
      const value = query.get(prefix + name)
      return value ? [[name, value]] : []
    }),
  )
}

/** A day that has passed is none. */
function dateOf(text: string | null): CalendarDate | undefined {
  try {
    const date = parseDate(text ?? '')
    return date.compare(firstDay()) >= 0 ? date : undefined
  } catch {
    return undefined
  }
}
