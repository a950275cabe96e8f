// A booking as it happens: the last word of each company, and how it ended.

import { useEffect, useState } from 'react'

import { answer, client } from '../api/client'
import { follow, type StreamEvent } from '../api/events'
import { isRefusal } from '../api/refusal'
import type { Booking, BookingStep } from '../api/schema'
import type { Dictionary } from '../i18n'

export interface Progress {
  /** The last step of each company. */
  steps: Record<string, BookingStep>
  /** Nobody answers: what is said here may be old. */
  isLost: boolean
  end?: Booking
}

export const BEGUN: Progress = { steps: {}, isLost: false }
/** When to ask again for an outcome that nobody could tell. */
const ASK_AGAIN_MS = 3_000

/** Follows a booking until it is known how it ended: the same one for as long as the component lives. */
export function useProgress(uuid: string): Progress {
  const [progress, setProgress] = useState(BEGUN)
  useEffect(() => {
    const stop = new AbortController()
    void settle(uuid, stop.signal, {
      onEvent: (event) => setProgress((now) => after(now, event)),
      onConnection: (stands) => setProgress((now) => ({ ...now, isLost: !stands })),
    })
    return () => stop.abort()
  }, [uuid])
  return progress
}

export function after(now: Progress, { event, data }: StreamEvent): Progress {
  if (event === 'fim') return { ...now, end: data as Booking }
  if (event !== 'passo') return now
  const step = data as BookingStep
  return step.company === null ? now : { ...now, steps: { ...now.steps, [step.company]: step } }
}

export type Word = keyof Dictionary['progress']['steps']

/** The last word of a company; the end speaks for those that said none to us. */
export function wordOf({ steps, end }: Progress, company: string): Word {
  if (end?.estado === 'confirmada') return 'confirmado'
  const said = steps[company]?.passo
  if (said && said !== 'inicio' && said !== 'decidido') return said
  if (end?.companhias.some((one) => one.company === company && !one.respondeu)) return 'silencio'
  return 'waiting'
}

interface Listener {
  onEvent: (event: StreamEvent) => void
  onConnection: (stands: boolean) => void
}

/** The stream ends with what the node knows; while that is not the end, it is asked again. */
async function settle(uuid: string, signal: AbortSignal, { onEvent, onConnection }: Listener): Promise<void> {
  let isOver = false
  const path = `/reservas/${uuid}/eventos`
  const onStep = (event: StreamEvent) => {
    onEvent(event)
    if (event.event !== 'fim') return false
    isOver = isEnd(event.data as Booking)
    return true
  }
  await follow({ path, signal, onEvent: onStep, onConnection }).catch(() => undefined)
  while (!isOver && !signal.aborted) {
    const end = await ask(uuid, signal)
    if (end) {
      onConnection(true)
      onEvent({ event: 'fim', data: end })
    }
    isOver = end !== undefined && isEnd(end)
    if (!isOver) await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
  }
}

async function ask(uuid: string, signal: AbortSignal): Promise<Booking | undefined> {
  try {
    return await answer(client.GET('/reservas/{uuid}', { params: { path: { uuid } }, signal }))
  } catch (error) {
    if (!isRefusal(error) && !signal.aborted) throw error
    return undefined
  }
}

/** A hold whose confirmation is under way is held still. */
export const isEnd = ({ estado }: Booking) => estado !== 'em_andamento' && estado !== 'retida'
