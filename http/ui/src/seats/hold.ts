// Sends the choice to be held, and finds out what became of that.

import { useMutation, useQueryClient } from '@tanstack/react-query'

import { ensureSession } from '../account/asking'
import { answer, client } from '../api/client'
import { holds, seatMap } from '../api/queries'
import { isRefusal } from '../api/refusal'
import type { Hold } from '../api/schema'
import { go } from '../app/route'
import { useText } from '../i18n'
import { attemptOf, dropAttempt, setHold, type Choice } from './choice'

export function useHold(choice: Choice) {
  const t = useText()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (): Promise<Hold | undefined> => {
      if (!(await ensureSession(t.account.forHold))) return undefined
      const wasOpen = choice.attempt !== undefined
      const { key, body } = attemptOf(choice)
      const header = { 'Idempotency-Key': key }
      const ask = () => answer(client.POST('/retencoes', { body, params: { header } }))
      const askAgain = async (error: unknown) => {
        // the session had ended: nothing was begun
        if (!isRefusal(error, 'invalid-token') || !(await ensureSession(t.account.ended))) throw error
        return ask()
      }
      return ask()
        .catch(askAgain)
        .catch(async (error: unknown) => {
          if (isRefusal(error) && !error.leavesOpen && !(wasOpen && error.isAtTheDoor)) {
            // what is gone shows on the maps, where the next best is offered; what was ours for a moment does not
            await Promise.all(choice.legs.map((leg) => queries.invalidateQueries(seatMap(leg))))
            dropAttempt()
          }
          throw error
        })
    },
    onSuccess: (hold) => {
      if (!hold) return
      setHold(hold.uuid)
      void queries.invalidateQueries(holds)
      go(`#/retencao/${hold.uuid}`)
    },
  })
}
