// The way to the node that served the page: language and session on every request, refusals as `Refusal`.

import createClient from 'openapi-fetch'

import { language } from '../i18n/language'
import { noticeClock } from './clock'
import { noticeReach } from './reach'
import { Refusal } from './refusal'
import type { paths } from './schema'
import * as session from './session'

/** Longest wait for an answer, its body included: a node says within 10 s what it knows. */
const ANSWER_MAX_MS = 20_000

/** These ask for a password or a code: a wrong one is 401, which says nothing of the session. */
const BY_PASSWORD: ReadonlySet<string> = new Set([
  '/register-all',
  '/login',
  '/conta/senha',
  '/conta/senha/nova',
  '/conta/email',
  '/conta/sair',
])

/** The service worker says so of an answer that it kept: nobody has answered now. */
const KEPT = 'x-passcom-kept'

/** With which token each request was sent. */
const sentWith = new WeakMap<Request, string>()

export const client = createClient<paths>({
  baseUrl: '/',
  // a node that hangs keeps its connections: who asks it would wait for ever
  fetch: (request) => fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(ANSWER_MAX_MS)]) }),
})

client.use({
  onRequest({ request, schemaPath }) {
    for (const [name, value] of Object.entries(headers())) request.headers.set(name, value)
    const id = session.id()
    if (id && !BY_PASSWORD.has(schemaPath)) sentWith.set(request, id)
    return request
  },
  onResponse({ request, response }) {
    const isKept = response.headers.has(KEPT)
    noticeReach(!isKept)
    if (!isKept) noticeClock(response.headers.get('date'))
    noticeEnd(sentWith.get(request), response)
  },
})

/** What every request says, also those that are streams. */
export function headers(): Record<string, string> {
  // no form and no script of another origin can send the second, so the server knows that the page asks, and where its session is
  return { 'accept-language': language(), 'x-sessao': 'cookie' }
}

/** A token that was good once and is refused has ended its session; one that was replaced meanwhile has not. */
export function noticeEnd(sent: string | undefined, response: Response): void {
  if (response.status === 401 && sent) session.end(sent)
}

interface Result<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The body of a success; throws a `Refusal` for anything else. */
export async function answer<T>(call: Promise<Result<T>>): Promise<T> {
  return (await answered(call)).data
}

/** As `answer`, with the headers. */
export async function answered<T>(call: Promise<Result<T>>): Promise<{ data: T; headers: Headers }> {
  const { data, error, response } = await call.catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    noticeReach(false)
    throw Refusal.unreachable()
  })
  if (!response.ok) throw Refusal.of(error, response)
  return { data: data as T, headers: response.headers }
}
