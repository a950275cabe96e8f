// Sends a hold to be confirmed. However often it is sent, it is done once.

import { useMutation } from '@tanstack/react-query'

import { answer, client } from '../api/client'
import { hold, queries } from '../api/queries'
import { isRefusal } from '../api/refusal'
import { payment } from '../pay/asking'

export type Confirm = ReturnType<typeof useConfirm>

/** `onSent` is called once it is under way, or may be. */
export function useConfirm(uuid: string, onSent: () => void) {
  return useMutation({
    mutationFn: () => {
      const header = { Prefer: 'respond-async' as const }
      return answer(client.POST('/retencoes/{uuid}/confirmar', { params: { path: { uuid }, header } }))
    },
    onSuccess: onSent,
    onError: (error) => {
      if (isRefusal(error) && error.leavesOpen) onSent()
      void queries.invalidateQueries(hold(uuid))
      if (isRefusal(error, 'payment-required')) void queries.invalidateQueries(payment(uuid))
    },
  })
}
