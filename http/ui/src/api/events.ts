// Server-sent events by fetch: unlike EventSource it says why a stream was refused.
//
// A stream that breaks is opened again after what was seen last, so that nothing is lost and nothing is applied twice.

import { EventSourceParserStream } from 'eventsource-parser/stream'

import { headers, noticeEnd } from './client'
import { Refusal } from './refusal'
import { id } from './session'

export interface StreamEvent {
  event: string
  data: unknown
}

interface Options {
  path: string
  signal: AbortSignal
  /** Returns true when nothing more is wanted. */
  onEvent: (event: StreamEvent) => boolean | void
  /** Whether the stream stands, each time that changes. */
  onConnection?: (stands: boolean) => void
}

const RETRY_MIN_MS = 1_000
const RETRY_MAX_MS = 15_000
/** Longest silence: a node sends at least a comment every 15 s. One that hangs keeps its connections, and says nothing. */
const SILENCE_MAX_MS = 35_000

/** Follows a stream until it is no longer wanted; throws a `Refusal` where asking again does not help. */
export async function follow(options: Options): Promise<void> {
  const { signal } = options
  let last: string | undefined
  let wait = RETRY_MIN_MS
  while (!signal.aborted) {
    const silence = timer(SILENCE_MAX_MS)
    try {
      const body = await open(options.path, last, AbortSignal.any([signal, silence.over]))
      options.onConnection?.(true)
      for await (const message of messages(body, silence.restart)) {
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
  const signed = id()
  const sent = { ...headers(), accept: 'text/event-stream', ...(last && { 'last-event-id': last }) }
  const response = await fetch(path, { headers: sent, signal, cache: 'no-store' })
  if (response.ok && response.body) return response.body
  noticeEnd(signed, response)
  throw Refusal.of(await response.json().catch(() => undefined), response)
}

/** The parser leaves comments out, so every chunk is told before it. */
async function* messages(body: ReadableStream<Uint8Array>, onChunk: () => void) {
  const told = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, to) {
      onChunk()
      to.enqueue(chunk)
    },
  })
  const reader = body
    .pipeThrough(told)
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

/** A signal that aborts once the timer has not been started again for so long. */
function timer(ms: number) {
  const end = new AbortController()
  const start = () => setTimeout(() => end.abort(), ms)
  let running = start()
  const restart = () => {
    clearTimeout(running)
    running = start()
  }
  return { over: end.signal, restart }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}
