// Sends a payment. One whose answer was lost is sent again as it was, also after a reload, until it has its answer.

import { useMutation } from '@tanstack/react-query'

import { answer, client } from '../api/client'
import { hold, queries } from '../api/queries'
import { isRefusal } from '../api/refusal'
import { store } from '../api/store'
import { hear, payment as paymentQuery } from './asking'
import { attemptFor, settles, type Attempt, type Told } from './payment'

const sent = store<Attempt | null>(null, { key: 'passcom.payment', in: 'sessionStorage' })

/** The one of this hold that may be on its way still. */
export function useOpenAttempt(payment: Told): Attempt | undefined {
  const attempt = sent.use()
  return attempt && attempt.hold === payment.uuid && !settles(payment, attempt) ? attempt : undefined
}

export type Pay = ReturnType<typeof usePay>

export function usePay(payment: Told, open: Attempt | undefined) {
  const { uuid } = payment
  return useMutation({
    mutationFn: (meio: string) => {
      const attempt = attemptFor(payment, meio, open)
      sent.set(attempt)
      const body = { meio: attempt.meio, tentativa: attempt.tentativa }
      return answer(client.POST('/retencoes/{uuid}/pagamento', { params: { path: { uuid } }, body }))
    },
    onSuccess: (next) => {
      sent.set(null)
      hear(uuid, next)
    },
    onError: (error) => {
      // what a busy door says is of this request only, not of the one before
      const isOver = isRefusal(error) && !error.leavesOpen && !(open && (error.isAtTheDoor || error.mayRepeat))
      if (isOver) sent.set(null)
      void queries.invalidateQueries(paymentQuery(uuid))
      void queries.invalidateQueries(hold(uuid))
    },
  })
}
