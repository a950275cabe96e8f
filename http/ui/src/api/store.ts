// A value outside React that components can watch. Kept in sessionStorage or localStorage where a key is given.

import { useSyncExternalStore } from 'react'

export interface Store<T> {
  get(): T
  set(value: T): void
  use(): T
}

export function store<T>(initial: T, kept?: { key: string; in: Storage }): Store<T> {
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
function read<T>({ key, in: storage }: { key: string; in: Storage }): T | undefined {
  try {
    return (JSON.parse(storage.getItem(key) ?? 'null') as T | null) ?? undefined
  } catch {
    return undefined
  }
}

/** A browser that keeps nothing (private mode, full) costs comfort, not the page. */
function write({ key, in: storage }: { key: string; in: Storage }, value: unknown): void {
  try {
    storage.setItem(key, JSON.stringify(value))
  } catch {
    return
  }
}
