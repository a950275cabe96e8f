// How the payment of a hold is asked for. A company that takes no payments says so once, and is not asked again.

import { queryOptions, useQuery } from '@tanstack/react-query'

import { answer, client } from '../api/client'
import { queries } from '../api/queries'
import { isRefusal } from '../api/refusal'
import type { Money, Payment } from '../api/schema'
import { useSession } from '../api/session'
import { expecting, nextAsk, told, type Told } from './payment'

/** Nothing is paid here: the company takes no payments, the hold costs nothing, or it is another company's business. */
const NOT_HERE = ['not-payable', 'sold-elsewhere', 'unknown-hold', 'unknown-booking']

/** Null where nothing is paid here. */
export const payment = (uuid: string) =>
  queryOptions({
    queryKey: ['payment', uuid],
    queryFn: async ({ signal }): Promise<Told | null> => {
      try {
        return heard(
          uuid,
          await answer(client.GET('/retencoes/{uuid}/pagamento', { params: { path: { uuid } }, signal })),
        )
      } catch (error) {
        if (isRefusal(error, ...NOT_HERE)) return null
        throw error
      }
    },
    // the hold can be confirmed without an answer: the node would say that it is to be paid first
    retry: false,
    staleTime: ({ state }) => (state.data === null ? Infinity : 0),
  })

/** With how often it was heard before. */
function heard(uuid: string, next: Payment): Told {
  return told(queries.getQueryData(payment(uuid).queryKey), next)
}

/** An answer that came by another way. */
export function hear(uuid: string, next: Payment): void {
  queries.setQueryData<Told | null>(payment(uuid).queryKey, told(undefined, next))
}

/** As if nothing had been asked yet. */
export function askAnew(uuid: string): void {
  const { queryKey } = payment(uuid)
  queries.setQueryData(queryKey, (before: Told | null | undefined) => before && { ...before, asked: 0 })
  void queries.invalidateQueries({ queryKey })
}

/** `isOver`: the hold came to nothing, so that what was paid goes back. `back`: what came back for its seats, as its ticket has it. */
export function usePayment(uuid: string, isOver: boolean, back?: Money) {
  const isIn = useSession().is === 'in'
  return useQuery({
    ...payment(uuid),
    enabled: isIn,
    refetchInterval: ({ state: { data, errorUpdateCount } }) =>
      nextAsk(data && expecting(data, back), isOver, errorUpdateCount),
  })
}
