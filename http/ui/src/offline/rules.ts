// What the service worker does with a request. Pure: it is told the request, and asks nobody.

/** Newest first from the node, and what was kept where it is out of reach; or what is kept first, as it never changes. */
export type Rule =
  /** The page itself. */
  | 'page'
  /** A file that is named after its content. */
  | 'file'
  /** What everybody is told, and is good to know without a connection. */
  | 'common'
  /** What only the visitor is told: their tickets, and the documents of them. */
  | 'own'
  /** Nothing: the node alone answers. */
  | 'none'

const COMMON = new Set(['/chaves', '/companhias', '/aeroportos'])
const TICKETS = /^\/passagens(\/[0-9a-f-]{36}(\/(bilhete\.pdf|calendario\.ics))?)?$/

export function ruleOf(request: Pick<Request, 'method' | 'url' | 'mode'>, origin: string): Rule {
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== origin) return 'none'
  if (url.pathname === '/') return 'page'
  if (url.pathname.startsWith('/assets/')) return 'file'
  if (COMMON.has(url.pathname)) return 'common'
  return TICKETS.test(url.pathname) ? 'own' : 'none'
}

/** The oldest of these that are more than may be kept. */
export function surplus<T>(kept: readonly T[], max: number): T[] {
  return kept.slice(0, Math.max(0, kept.length - max))
}
