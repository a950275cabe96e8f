// What is asked of the node, and how long an answer counts. One function per question.

import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query'

import { answer, answered, client } from './client'
import { isRefusal } from './refusal'
import type { operations, SeatMap } from './schema'

const RETRIES_MAX = 2

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // a refusal is an answer: only silence and a busy server are worth another try
      retry: (failures, error) => failures < RETRIES_MAX && isRefusal(error) && error.mayRepeat,
    },
    mutations: { retry: false },
  },
})

export type SearchQuery = NonNullable<operations['searchItineraries']['parameters']['query']>

/** What the service worker keeps is asked for without a connection, too. */
const OFFLINE_TOO = { networkMode: 'always' } as const

export const airports = queryOptions({
  ...OFFLINE_TOO,
  queryKey: ['airports'],
  queryFn: ({ signal }) => answer(client.GET('/aeroportos', { signal })),
  staleTime: 10 * 60_000,
})

export const keys = queryOptions({
  ...OFFLINE_TOO,
  queryKey: ['keys'],
  queryFn: ({ signal }) => answer(client.GET('/chaves', { signal })),
})

export const companies = queryOptions({
  ...OFFLINE_TOO,
  queryKey: ['companies'],
  queryFn: ({ signal }) => answer(client.GET('/companhias', { signal })),
  refetchInterval: 5_000,
})

/** All pages of a search that were asked for: each searches anew, and ends with a link to the next. */
export const itineraries = (query: SearchQuery) =>
  infiniteQueryOptions({
    queryKey: ['itineraries', query],
    queryFn: async ({ signal, pageParam }) => {
      const params = { query: { ...query, ...(pageParam && { cursor: pageParam }) } }
      const { data, headers } = await answered(client.GET('/rotas', { params, signal }))
      return { ...data, next: cursorOf(headers.get('link')) }
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  })

/** How many itineraries there are, where that is all one wants to know. */
export const itineraryCount = (query: SearchQuery) =>
  queryOptions({
    queryKey: ['itinerary-count', query],
    queryFn: async ({ signal }) =>
      (await answer(client.GET('/rotas', { params: { query: { ...query, limite: 1 } }, signal }))).total,
  })

export type PricesQuery = NonNullable<operations['lowestPrices']['parameters']['query']>

export const prices = (query: PricesQuery) =>
  queryOptions({
    queryKey: ['prices', query],
    queryFn: ({ signal }) => answer(client.GET('/precos', { params: { query }, signal })),
  })

export interface LegRef {
  company: string
  id: number
}

export const seatMap = (leg: LegRef) =>
  queryOptions({
    queryKey: ['seats', leg.company, leg.id],
    queryFn: ({ signal }) =>
      answer(client.GET('/trechos/{company}/{id}/assentos', { params: { path: pathOf(leg) }, signal })),
    // the event stream keeps it up to date
    staleTime: Infinity,
    // answers and events overtake each other: the map never goes back in time
    structuralSharing: (old, next) => newerOf(old as SeatMap | undefined, next as SeatMap),
  })

/** Versions are `5f2c.17`: of one start of a company's node, and rising within it. */
function newerOf(old: SeatMap | undefined, next: SeatMap): SeatMap {
  if (!old) return next
  const [oldStart, oldNumber] = old.versao.split('.')
  const [start, number] = next.versao.split('.')
  return start === oldStart && Number(number) <= Number(oldNumber) ? old : next
}

export type Preference = 'janela' | 'corredor' | 'tanto-faz'

/** The best seats for so many, as of now. */
export async function suggestion(leg: LegRef, passageiros: number, preferencia: Preference): Promise<number[]> {
  const params = { path: pathOf(leg), query: { passageiros, preferencia } }
  return (await answer(client.GET('/trechos/{company}/{id}/assentos', { params }))).sugestao
}

const pathOf = ({ company, id }: LegRef) => ({ company, id })

export const hold = (uuid: string) =>
  queryOptions({
    queryKey: ['hold', uuid],
    queryFn: ({ signal }) => answer(client.GET('/retencoes/{uuid}', { params: { path: { uuid } }, signal })),
    staleTime: 0,
  })

export const holds = queryOptions({
  queryKey: ['holds'],
  queryFn: async ({ signal }) => {
    const { data, headers } = await answered(client.GET('/retencoes', { signal }))
    return { ...data, missing: missingOf(headers) }
  },
  staleTime: 0,
})

export const ticket = (uuid: string) =>
  queryOptions({
    ...OFFLINE_TOO,
    queryKey: ['ticket', uuid],
    queryFn: ({ signal }) => answer(client.GET('/passagens/{uuid}', { params: { path: { uuid } }, signal })),
    staleTime: 0,
  })

export const ticketCheck = (codigo: string) =>
  queryOptions({
    ...OFFLINE_TOO,
    queryKey: ['check', codigo],
    queryFn: ({ signal }) => answer(client.GET('/bilhetes/{codigo}', { params: { path: { codigo } }, signal })),
    // who stands at a gate asks anew each time
    staleTime: 0,
    retry: false,
  })

export const profile = (user: string) =>
  queryOptions({
    // of one user: who signs in after another finds nobody else's
    queryKey: ['profile', user],
    queryFn: ({ signal }) => answer(client.GET('/conta', { signal })),
    staleTime: 0,
  })

/** All pages of a list of the user's tickets that were asked for; a page ends with a link to the next. */
const ticketsOf = (query: { estado?: 'cancelada' }) =>
  infiniteQueryOptions({
    ...OFFLINE_TOO,
    queryKey: ['tickets', query.estado ?? 'held'],
    queryFn: async ({ signal, pageParam }) => {
      const params = { query: { ...query, ...(pageParam && { cursor: pageParam }) } }
      const { data, headers } = await answered(client.GET('/passagens', { params, signal }))
      return { ...data, next: cursorOf(headers.get('link')), missing: missingOf(headers) }
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    staleTime: 0,
  })

/** Those of which a seat is left. */
export const tickets = ticketsOf({})

/** Those that are wholly cancelled. */
export const cancelledTickets = ticketsOf({ estado: 'cancelada' })

/** The cursor of `</passagens?cursor=…>; rel="next"`. */
export function cursorOf(link: string | null): string | undefined {
  const target = /<([^>]*)>;\s*rel="?next"?/.exec(link ?? '')?.[1]
  return target === undefined ? undefined : (new URL(target, 'http://node').searchParams.get('cursor') ?? undefined)
}

/** Companies that could not be asked: what is listed may lack what only they know. */
export function missingOf(headers: Headers): string[] {
  const names = headers.get('x-companhias-indisponiveis') ?? ''
  return names.split(',').flatMap((name) => name.trim() || [])
}
