// Waiting as long as the server wants before another try, and how people say it.

import { useEffect, useState } from 'react'

import type { Refusal } from '../api/refusal'

/** Of a refusal that does not say. */
export const WAIT_S = 5

/** Seconds until another try is welcome; none without a refusal. */
export function useWait(refusal: Refusal | undefined): number {
  const [now, setNow] = useState(() => Date.now())
  const left = refusal ? leftOf(refusal, now) : 0
  const isWaiting = left > 0
  useEffect(() => {
    if (!isWaiting) return
    const tick = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(tick)
  }, [isWaiting])
  return left
}

/** Never more than the server said: the page may have looked at its clock before the refusal came. */
export function leftOf({ retryAfter = WAIT_S, came }: Pick<Refusal, 'retryAfter' | 'came'>, now: number): number {
  const left = Math.ceil(retryAfter - (now - came) / 1000)
  return Math.min(retryAfter, Math.max(0, left))
}

export const waitOf = (seconds: number): string =>
  seconds < 100 ? `${Math.max(1, Math.ceil(seconds))} s` : `${Math.ceil(seconds / 60)} min`
