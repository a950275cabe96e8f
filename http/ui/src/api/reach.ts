// Whether the node can be reached: said at once, by the browser or by the first request that fails, and until one gets an answer.

import { useEffect, useSyncExternalStore } from 'react'

import { store } from './store'

const answers = store(true)

/** A request got an answer, whichever it was, or none. */
export function noticeReach(isAnswered: boolean): void {
  if (answers.get() !== isAnswered) answers.set(isAnswered)
}

export type Reach = 'there' | 'offline' | 'silent'

export function useReach(): Reach {
  const isAnswered = answers.use()
  const isOnline = useSyncExternalStore(subscribe, () => navigator.onLine)
  return !isOnline ? 'offline' : isAnswered ? 'there' : 'silent'
}

function subscribe(watcher: () => void) {
  addEventListener('online', watcher)
  addEventListener('offline', watcher)
  return () => {
    removeEventListener('online', watcher)
    removeEventListener('offline', watcher)
  }
}

const PROBE_EVERY_MS = 3_000

/** Asks until there is an answer again, for pages that ask nothing by themselves. */
export function useProbe(reach: Reach, ask: () => Promise<unknown>): void {
  useEffect(() => {
    if (reach !== 'silent') return
    const timer = setInterval(() => void ask().catch(() => undefined), PROBE_EVERY_MS)
    return () => clearInterval(timer)
  }, [reach, ask])
}
