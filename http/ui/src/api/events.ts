// Server-sent events by fetch: unlike EventSource it can send a token, and says why a stream was refused.
//
// A stream that breaks is opened again after what was seen last, so that nothing is lost and nothing is applied twice.

import { EventSourceParserStream } from 'eventsource-parser/stream'

import { headers, noticeEnd } from './client'
import { Refusal } from './refusal'

export interface StreamEvent {
  event: string
  data: unknown
}

interface Options {
  path: string
  signal: AbortSignal
  /** Returns true when nothing more is wanted. */
  onEvent(event: StreamEvent): boolean | void
  /** Whether the stream stands, each time that changes. */
  onConnection?(stands: boolean): void
}

const RETRY_MIN_MS = 1_000
const RETRY_MAX_MS = 15_000

/** Follows a stream until it is no longer wanted; throws a `Refusal` where asking again does not help. */
export async function follow(options: Options): Promise<void> {
  const { signal } = options
  let last: string | undefined
  let wait = RETRY_MIN_MS
  while (!signal.aborted) {
    try {
      const body = await open(options.path, last, signal)
      options.onConnection?.(true)
      for await (const message of messages(body)) {
        wait = RETRY_MIN_MS
        last = message.id ?? last
        if (options.onEvent({ event: message.event ?? 'message', data: JSON.parse(message.data) })) return
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof Refusal && !error.mayRepeat) throw error
    }
    options.onConnection?.(false)
    await pause(wait * (0.5 + Math.random() / 2), signal)
    wait = Math.min(wait * 2, RETRY_MAX_MS)
  }
}

async function open(path: string, last: string | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const sent = { ...headers(), accept: 'text/event-stream', ...(last && { 'last-event-id': last }) }
  const response = await fetch(path, { headers: sent, signal, cache: 'no-store' })
  if (response.ok && response.body) return response.body
  noticeEnd(headers().authorization, response)
  throw Refusal.of(await response.json().catch(() => undefined), response)
}

async function* messages(body: ReadableStream<Uint8Array>) {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream())
    .getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}
