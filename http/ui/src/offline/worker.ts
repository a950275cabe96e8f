// The service worker: the page opens without a connection, and shows what its owner has seen of their tickets.
//
// One file without imports at run time, because it is asked for by its name. It never answers in place of a node that does.

import { ruleOf, surplus } from './rules'

/** What of the page is kept, as the build lists it; its version changes with any of them. */
declare const SHELL: { version: string; files: string[] }

interface Worker {
  location: Location
  caches: CacheStorage
  clients: { claim: () => Promise<void> }
  addEventListener: <K extends keyof Events>(name: K, listener: (event: Events[K]) => void) => void
}

interface Extendable {
  waitUntil: (work: Promise<unknown>) => void
}

interface Events {
  message: Extendable & { data: unknown }
  install: Extendable
  activate: Extendable
  fetch: Extendable & { request: Request; respondWith: (response: Promise<Response>) => void }
}

const worker = self as unknown as Worker

const PREFIX = 'passcom-shell-'
const PAGE = PREFIX + SHELL.version
const COMMON = 'passcom-common'
/** As `own.ts` has it, which forgets it whole. */
const OWN = 'passcom-own'
/** Tickets, lists and documents that are kept; a document has some 100 kB. */
const OWN_MAX = 64
/** On a slow line the page that is kept is shown rather than nothing. */
const PATIENCE_MS = 4_000
/** Says of an answer that it was kept, and not given now. */
const KEPT = 'x-passcom-kept'

worker.addEventListener('install', (event) => event.waitUntil(install()))
worker.addEventListener('activate', (event) => event.waitUntil(activate()))
worker.addEventListener('message', (event) => {
  if (event.data === 'forget') event.waitUntil(forget())
})
worker.addEventListener('fetch', (event) => {
  const { request } = event
  switch (ruleOf(request, worker.location.origin)) {
    case 'page':
      return event.respondWith(page(request))
    case 'file':
      return event.respondWith(file(request))
    case 'common':
      return event.respondWith(newest(event, COMMON, Infinity))
    case 'own':
      return event.respondWith(newest(event, OWN, OWN_MAX))
    case 'none':
      return
  }
})

async function install(): Promise<void> {
  const cache = await worker.caches.open(PAGE)
  await cache.addAll(['/', ...SHELL.files])
  // good to have at a gate before anybody has asked for them
  const common = await worker.caches.open(COMMON)
  await Promise.allSettled(['/chaves', '/companhias', '/aeroportos'].map((path) => common.add(path)))
}

/** Versions before this one: nobody has a page of theirs open any more. */
async function activate(): Promise<void> {
  const names = await worker.caches.keys()
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== PAGE)
  await Promise.all(old.map((name) => worker.caches.delete(name)))
  await worker.clients.claim()
}

/** Rises when somebody leaves: what was asked for before is not kept any more. */
let leaves = 0

async function forget(): Promise<void> {
  leaves += 1
  await worker.caches.delete(OWN)
}

async function page(request: Request): Promise<Response> {
  const kept = async () => {
    const cache = await worker.caches.open(PAGE)
    return cache.match('/', { ignoreVary: true })
  }
  try {
    return await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) })
  } catch {
    return (await kept()) ?? fetch(request)
  }
}

async function file(request: Request): Promise<Response> {
  return (await worker.caches.match(request, { ignoreVary: true })) ?? fetch(request)
}

/** What the node answers now; where it is out of reach, what it answered last. */
async function newest(event: Events['fetch'], name: string, max: number): Promise<Response> {
  const { request } = event
  const asked = leaves
  try {
    const response = await fetch(request)
    if (response.ok && asked === leaves) event.waitUntil(keep(name, request, response.clone(), max))
    // whoever it was has signed out elsewhere
    if (response.status === 401 && name === OWN) event.waitUntil(forget())
    return response
  } catch (cause) {
    const cache = await worker.caches.open(name)
    const kept = await cache.match(request, { ignoreVary: true })
    if (!kept) throw cause
    const headers = new Headers(kept.headers)
    headers.set(KEPT, '1')
    return new Response(kept.body, { status: kept.status, headers })
  }
}

async function keep(name: string, request: Request, response: Response, max: number): Promise<void> {
  const born = leaves
  const cache = await worker.caches.open(name)
  // anew, so that it is the youngest
  await cache.delete(request, { ignoreVary: true })
  await cache.put(request, response)
  const old = surplus(await cache.keys(), max)
  await Promise.all(old.map((one) => cache.delete(one)))
  if (name === OWN && born !== leaves) await worker.caches.delete(OWN)
}
