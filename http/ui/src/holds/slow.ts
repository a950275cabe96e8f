// Whether something takes longer than people wait without being told why.

import { useEffect, useState } from 'react'

/** About as long as one waits without a word. */
const SLOW_MS = 5_000

export function useSlow(isWaiting: boolean): boolean {
  const [isSlow, setSlow] = useState(false)
  useEffect(() => {
    if (!isWaiting) return
    const timer = setTimeout(() => setSlow(true), SLOW_MS)
    return () => {
      clearTimeout(timer)
      setSlow(false)
    }
  }, [isWaiting])
  return isSlow
}
