// Whether the window has room for two things beside each other.

import { useSyncExternalStore } from 'react'

/** From here on styles set columns side by side: `min-width: 64rem`. */
const WIDE = '(min-width: 64rem)'

export function useWide(): boolean {
  return useSyncExternalStore(subscribe, () => matchMedia(WIDE).matches)
}

function subscribe(watcher: () => void) {
  const media = matchMedia(WIDE)
  media.addEventListener('change', watcher)
  return () => media.removeEventListener('change', watcher)
}
