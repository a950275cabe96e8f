// A value outside React that components can watch. Kept in sessionStorage or localStorage where a key is given.

import { useSyncExternalStore } from 'react'

export interface Store<T> {
  get: () => T
  set: (value: T) => void
  use: () => T
}

/** Where a value is kept. By name: a browser may refuse even to name its storage. */
interface Kept {
  key: string
  in: 'sessionStorage' | 'localStorage'
}

export function store<T>(initial: T, kept?: Kept): Store<T> {
  let value = (kept && read<T>(kept)) ?? initial
  const watchers = new Set<() => void>()
  const subscribe = (watcher: () => void) => {
    watchers.add(watcher)
    return () => watchers.delete(watcher)
  }
  const get = () => value
  return {
    get,
    set(next) {
      value = next
      if (kept) write(kept, next)
      for (const watcher of watchers) watcher()
    },
    use: () => useSyncExternalStore(subscribe, get),
  }
}

/** What stands there may be of an older page, or of nobody: then it does not count. */
function read<T>({ key, in: storage }: Kept): T | undefined {
  try {
    return (JSON.parse(window[storage].getItem(key) ?? 'null') as T | null) ?? undefined
  } catch {
    return undefined
  }
}

/** A browser that keeps nothing (private mode, full, forbidden) costs comfort, not the page. */
function write({ key, in: storage }: Kept, value: unknown): void {
  try {
    window[storage].setItem(key, JSON.stringify(value))
  } catch {
    return
  }
}
