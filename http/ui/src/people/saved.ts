// The passengers that this company keeps for the visitor's next booking, where the visitor has asked for it.

import { queryOptions } from '@tanstack/react-query'

import { answer, client } from '../api/client'
import type { SavedPassenger } from '../api/schema'
import { passengerOf, type Traveller } from './people'

/** As many as the server keeps. */
const SAVED_MAX = 20

export const savedPeople = (user: string) =>
  queryOptions({
    // of one user: who signs in after another finds nobody else's
    queryKey: ['saved-people', user],
    queryFn: ({ signal }) => answer(client.GET('/conta/passageiros', { signal })),
  })

export const forgetPeople = () => answer(client.DELETE('/conta/passageiros', {}))

/** Keeps these beside those that are kept: of one name the newer one. */
export async function rememberPeople(travellers: Traveller[]): Promise<void> {
  const { passageiros } = await answer(client.GET('/conta/passageiros', {}))
  const body = { passageiros: withNewer(passageiros.map(travellerOf), travellers).map(passengerOf) }
  await answer(client.PUT('/conta/passageiros', { body }))
}

/** The newest first, as many as may be. */
export function withNewer(kept: Traveller[], newer: Traveller[]): Traveller[] {
  const names = new Set<string>()
  const isFirst = ({ nome }: Traveller) => {
    const name = nome.trim()
    if (names.has(name)) return false
    names.add(name)
    return true
  }
  return [...newer, ...kept].filter(isFirst).slice(0, SAVED_MAX)
}

export function travellerOf({ nome, documento, nascimento }: SavedPassenger): Traveller {
  return {
    nome,
    documento: documento?.numero ?? '',
    ...(documento?.tipo && { tipo: documento.tipo }),
    ...(documento?.pais && { pais: documento.pais }),
    ...(nascimento && { nascimento }),
  }
}
