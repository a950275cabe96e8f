// Whether the tab is seen. A tab that nobody looks at holds no stream open: browsers allow six connections to a host.

import { useSyncExternalStore } from 'react'

export function useVisible(): boolean {
  return useSyncExternalStore(subscribe, () => document.visibilityState === 'visible')
}

function subscribe(watcher: () => void) {
  document.addEventListener('visibilitychange', watcher)
  return () => document.removeEventListener('visibilitychange', watcher)
}
