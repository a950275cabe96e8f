// What companies are called: as the node says, and by their codes until it has.

import { useQuery } from '@tanstack/react-query'

import { requiredOf, type Required } from '../people/people'
import { companies } from './queries'

/** Names do not change while a page stands open, but for one that the node was restarted under. */
const NAMES_FOR_MS = 10 * 60_000

export function useAirlines(): (code: string) => string {
  const { data } = useQuery({ ...companies, refetchInterval: false, staleTime: NAMES_FOR_MS })
  return (code) => data?.find(({ company }) => company === code)?.nome ?? code.toUpperCase()
}

/** What these companies ask to be told of who travels; nothing until the node has said. */
export function useRequired(codes: string[]): Required {
  const { data } = useQuery({ ...companies, refetchInterval: false, staleTime: NAMES_FOR_MS })
  return requiredOf(data?.filter(({ company }) => codes.includes(company)) ?? [])
}
