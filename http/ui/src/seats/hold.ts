// Sends the choice to be held, or to take the place of changed flights, and finds out what became of that.

import { useMutation, useQueryClient } from '@tanstack/react-query'

import { ensureSession } from '../account/asking'
import { answer, client } from '../api/client'
import { holds, seatMap, ticket as ticketQuery, tickets } from '../api/queries'
import { isRefusal } from '../api/refusal'
import type { Booked, Hold } from '../api/schema'
import { go } from '../app/route'
import { useText } from '../i18n'
import { rememberPeople } from '../people/saved'
import { attemptOf, choiceNow, dropAttempt, forget, setHold, type Attempt } from './choice'

export function useHold() {
  const queries = useQueryClient()
  const hold = ({ key, body }: Attempt) =>
    answer(client.POST('/retencoes', { body, params: { header: { 'Idempotency-Key': key } } }))
  return useSending(hold, ({ uuid }: Hold) => {
    // a courtesy: a hold that stands is not held up by it
    const now = choiceNow()
    if (now?.remember)
      void rememberPeople(now.travellers).then(
        () => queries.invalidateQueries({ queryKey: ['saved-people'] }),
        () => undefined,
      )
    setHold(uuid)
    void queries.invalidateQueries(holds)
    go(`#/retencao/${uuid}`)
  })
}

/** All of the old seats end with the new ones, or none: whoever is refused has the ticket as it was. */
export function useExchange(uuid: string) {
  const queries = useQueryClient()
  const exchange = ({ key, body }: Attempt) => {
    const params = { path: { uuid }, header: { 'Idempotency-Key': key } }
    return answer(client.POST('/passagens/{uuid}/remarcacao', { body, params })) as Promise<Booked>
  }
  return useSending(exchange, ({ uuid_passagem }) => {
    forget()
    void queries.invalidateQueries({ queryKey: ticketQuery(uuid).queryKey })
    void queries.invalidateQueries({ queryKey: tickets.queryKey })
    go(`#/passagens/${uuid_passagem}`)
  })
}

/** Sends it with the same key until it has its answer for good. */
function useSending<T>(send: (attempt: Attempt) => Promise<T>, onDone: (answer: T) => void) {
  const t = useText()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (): Promise<T | undefined> => {
      if (!(await ensureSession(t.account.forHold))) return undefined
      const choice = choiceNow()
      if (!choice) return undefined
      const wasOpen = choice.attempt !== undefined
      const attempt = attemptOf(choice)
      const askAgain = async (error: unknown) => {
        // the session had ended: nothing was begun
        if (!isRefusal(error, 'invalid-token') || !(await ensureSession(t.account.ended))) throw error
        return send(attempt)
      }
      return send(attempt)
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
    onSuccess: (answer) => {
      if (answer) onDone(answer)
    },
  })
}
