// How long a hold still lasts, by the server's clock: the one of this machine may be wrong by hours.

import { useEffect, useState } from 'react'

import type { Hold } from '../api/schema'

const TICK_MS = 1_000

/** Whole seconds left, never below 0. `answeredAt` is when the hold was read, by this machine's clock. */
export function useSecondsLeft(hold: Hold, answeredAt: number): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [])
  return secondsLeft(hold, answeredAt, now)
}

export function secondsLeft({ expira_em, agora }: Pick<Hold, 'expira_em' | 'agora'>, answeredAt: number, now: number) {
  const passed = Math.max(now - answeredAt, 0)
  return Math.max(Math.ceil((Date.parse(expira_em) - Date.parse(agora) - passed) / 1000), 0)
}

/** `14:05`, or `1:14:05` from an hour on. */
export function clockOf(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${two(minutes)}:${two(rest)}`
}
