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
/** Most bookings are over sooner. */
const FIRST_ASK_MS = 1_500
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

/** The last word of a company. That the whole is decided is not yet that each has recorded it. */
export function wordOf({ steps, end }: Progress, company: string): Word {
  const said = steps[company]?.passo
  const told = end?.companhias.find((one) => one.company === company)
  if (end?.estado === 'confirmada') {
    if (said === 'confirmado') return 'confirmado'
    if (!told?.respondeu) return 'pendente'
    return told.trechos.every(({ estado }) => estado === 'preparado') ? 'sim' : 'confirmado'
  }
  if (said && said !== 'inicio' && said !== 'decidido') return said
  if (told && !told.respondeu) return 'silencio'
  return 'waiting'
}

interface Listener {
  onEvent: (event: StreamEvent) => void
  onConnection: (stands: boolean) => void
}

/**
 * Steps come by the stream. It ends when the last company has recorded the end, which one that hangs does not: how it was decided
 * is known long before, and asked for meanwhile.
 */
async function settle(uuid: string, signal: AbortSignal, { onEvent, onConnection }: Listener): Promise<void> {
  let isOver = false
  const hear = (event: StreamEvent) => {
    if (event.event === 'fim') isOver = isSettled(event.data as Booking)
    onEvent(event)
    return event.event === 'fim'
  }
  const path = `/reservas/${uuid}/eventos`
  void follow({ path, signal, onEvent: hear, onConnection }).catch(() => undefined)
  await pause(FIRST_ASK_MS)
  while (!isOver && !signal.aborted) {
    const end = await ask(uuid, signal)
    if (end && !isOver) {
      onConnection(true)
      hear({ event: 'fim', data: end })
    }
    if (!isOver) await pause(ASK_AGAIN_MS)
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

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

/** It is over, and every company of it has recorded that. */
export const isSettled = (booking: Booking) =>
  isEnd(booking) &&
  (booking.estado !== 'confirmada' ||
    booking.companhias.every(
      ({ respondeu, trechos }) => respondeu && trechos.every(({ estado }) => estado !== 'preparado'),
    ))
