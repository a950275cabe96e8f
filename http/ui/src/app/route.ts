// Where the visitor is: `#/passagens/<uuid>?x=y`. In the fragment, so that a node serves one page whatever the address.

import { useMemo, useSyncExternalStore } from 'react'

export interface Route {
  /** The path without its first slash, in parts; `['']` is the search. */
  parts: string[]
  query: URLSearchParams
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash)
  return useMemo(() => routeOf(hash), [hash])
}

export function go(to: string): void {
  location.hash = to
}

/** Goes there in place of this address: Back does not return here. */
export function replace(to: string): void {
  history.replaceState(null, '', to)
  dispatchEvent(new HashChangeEvent('hashchange'))
}

function subscribe(watcher: () => void) {
  addEventListener('hashchange', watcher)
  return () => removeEventListener('hashchange', watcher)
}

export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  return { parts: path.split('/').map(decoded), query: new URLSearchParams(query) }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
