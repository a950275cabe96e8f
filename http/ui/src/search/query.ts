// The search as it stands in the address: what is asked for can be sent to a friend, and Back works.

import { parseDate, today, type CalendarDate } from '@internationalized/date'

import type { SearchQuery } from '../api/queries'

/** Of the orders that the node knows, those that are offered. */
export type Sort = Extract<SearchQuery['ordem'], 'chegada' | 'preco' | 'trechos' | 'duracao'>
export const SORTS: Sort[] = ['chegada', 'preco', 'trechos', 'duracao']
export const PASSENGERS_MAX = 9

export interface Search {
  origem: string
  destino: string
  data: CalendarDate
  passageiros: number
  ordem: Sort
}

export function searchOf(query: URLSearchParams): Search {
  const passengers = Number(query.get('passageiros'))
  return {
    origem: query.get('origem') ?? '',
    destino: query.get('destino') ?? '',
    data: dateOf(query.get('data')),
    passageiros: Number.isInteger(passengers) && passengers >= 1 ? Math.min(passengers, PASSENGERS_MAX) : 1,
    ordem: SORTS.find((sort) => sort === query.get('ordem')) ?? 'chegada',
  }
}

export function addressOf({ data, ...rest }: Search): string {
  const words = { ...rest, passageiros: String(rest.passageiros), data: data.toString() }
  return `#/?${new URLSearchParams(words).toString()}`
}

export function wireOf(search: Search): SearchQuery {
  return { ...search, data: search.data.toString() }
}

/** A day is that of the origin, wherever the visitor is: the first to be asked for is today where Brazil is last. */
export const firstDay = () => today('America/Rio_Branco')

/** A day that has passed, or is none, is Brasília's today. */
function dateOf(text: string | null): CalendarDate {
  const now = today('America/Sao_Paulo')
  try {
    const date = parseDate(text ?? '')
    return date.compare(firstDay()) >= 0 ? date : now
  } catch {
    return now
  }
}
