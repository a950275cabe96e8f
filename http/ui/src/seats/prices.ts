// What the legs of a choice cost now, where that is not what the visitor was shown.

import { useQuery } from '@tanstack/react-query'

import { answer, client } from '../api/client'
import { isRefusal } from '../api/refusal'
import type { Leg, Money } from '../api/schema'
import { legKey, type Choice } from './choice'

export interface NewPrice {
  company: string
  id: number
  preco: Money
  was: Leg
}

/** Asked for once a hold was refused for its price: the refusal names one leg, and others may have changed as well. */
export function useNewPrices(choice: Choice, error: Error | null): NewPrice[] {
  const refusal = isRefusal(error, 'price-changed') ? error : undefined
  const { data } = useQuery({
    queryKey: ['new-prices', choice.legs.map(legKey)],
    queryFn: ({ signal }) =>
      Promise.all(
        choice.legs.map(({ company, id }) =>
          answer(client.GET('/trechos/{company}/{id}', { params: { path: { company, id } }, signal })),
        ),
      ),
    enabled: refusal !== undefined,
    staleTime: 0,
    gcTime: 0,
  })
  if (!refusal) return []
  const { company, id_trecho, preco } = refusal.problem
  return choice.legs.flatMap((leg) => {
    const isNamed = leg.company === company && leg.id === id_trecho
    const now = data?.find((one) => legKey(one) === legKey(leg))?.preco ?? (isNamed ? preco : undefined)
    const isSame = now === undefined || (now.centavos === leg.preco.centavos && now.moeda === leg.preco.moeda)
    return isSame ? [] : [{ company: leg.company, id: leg.id, preco: now, was: leg }]
  })
}
