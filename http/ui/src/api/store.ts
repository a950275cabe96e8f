// A value outside React that components can watch. Kept in sessionStorage or localStorage where a key is given.

import { useSyncExternalStore } from 'react'

export interface Store<T> {
  get: () => T
  /** As `get`, where the value is shared also of what another tab has kept this moment. */
  fresh: () => T
  set: (value: T) => void
  watch: (watcher: () => void) => () => void
  use: () => T
}

/** Where a value is kept. By name: a browser may refuse even to name its storage. */
interface Kept<T> {
  key: string
  in: 'sessionStorage' | 'localStorage'
  /** Of localStorage: the value is the same in every tab. */
  isShared?: boolean
  /** Whether what was kept still counts when the page begins. */
  isGood?: (value: T) => boolean
}

export function store<T>(initial: T, kept?: Kept<T>): Store<T> {
  const found = kept && read<T>(kept)
  let value = found !== undefined && (kept?.isGood?.(found) ?? true) ? found : initial
  const watchers = new Set<() => void>()
  const watch = (watcher: () => void) => {
    watchers.add(watcher)
    return () => watchers.delete(watcher)
  }
  const get = () => value
  const take = (next: T) => {
    value = next
    for (const watcher of watchers) watcher()
  }
  const fresh = () => {
    const other = kept?.isShared ? read<T>(kept) : undefined
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(value)) take(other)
    return value
  }
  if (kept?.isShared && typeof window !== 'undefined') {
    window.addEventListener('storage', ({ key }) => {
      if (key === kept.key) fresh()
    })
  }
  return {
    get,
    fresh,
    watch,
    set(next) {
      if (kept) write(kept, next)
      take(next)
    },
    use: () => useSyncExternalStore(watch, get),
  }
}

/** What stands there may be of an older page, or of nobody: then it does not count. */
function read<T>({ key, in: storage }: Kept<T>): T | undefined {
  try {
    return (JSON.parse(window[storage].getItem(key) ?? 'null') as T | null) ?? undefined
  } catch {
    return undefined
  }
}

/** A browser that keeps nothing (private mode, full, forbidden) costs comfort, not the page. */
function write<T>({ key, in: storage }: Kept<T>, value: T): void {
  try {
    window[storage].setItem(key, JSON.stringify(value))
  } catch {
    return
  }
}
