import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { follow, type StreamEvent } from './events'
import { Refusal } from './refusal'

/** Answers of the node, one for each time the stream is opened; the last one stays. */
let answers: Array<() => Response> = []
const opened: Array<{ path: string; headers: Record<string, string> }> = []

const stream = (text: string, stays = false) =>
  new Response(
    new ReadableStream({
      start: (to) => {
        to.enqueue(new TextEncoder().encode(text))
        if (!stays) to.close()
      },
    }),
  )

const refusal = (slug: string, status: number) =>
  new Response(JSON.stringify({ type: `/${slug}`, message: slug }), { status })

interface Followed {
  seen: StreamEvent[]
  connection: boolean[]
  stop: AbortController
  end: Promise<string>
}

function followed(last: string): Followed {
  const [seen, connection, stop]: [StreamEvent[], boolean[], AbortController] = [[], [], new AbortController()]
  const onEvent = (event: StreamEvent) => {
    seen.push(event)
    return event.event === last
  }
  const onConnection = (stands: boolean) => void connection.push(stands)
  const end = follow({ path: '/eventos', signal: stop.signal, onEvent, onConnection }).then(
    () => 'over',
    (error: unknown) => (error instanceof Refusal ? error.slug : String(error)),
  )
  return { seen, connection, stop, end }
}

beforeEach(() => {
  vi.useFakeTimers()
  opened.length = 0
  vi.stubGlobal(
    'fetch',
    (path: string, { headers, signal }: { headers: Record<string, string>; signal: AbortSignal }) => {
      opened.push({ path, headers })
      const response = (answers.length > 1 ? answers.shift() : answers[0])?.()
      if (!response) return Promise.reject(new TypeError('no connection'))
      // as the browser does: who aborts has no body any more
      const { body } = response
      const cut = body?.pipeThrough(new TransformStream(), { signal })
      return Promise.resolve(new Response(cut ?? null, { status: response.status }))
    },
  )
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('a stream', () => {
  test('that breaks is opened again after what was seen last', async () => {
    answers = [
      () => stream('event: passo\nid: 7\ndata: {"n":1}\n\n'),
      () => stream(': nothing yet\n\nevent: fim\ndata: 2\n\n', true),
    ]
    const { seen, connection, end } = followed('fim')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await end).toBe('over')
    expect(seen).toEqual([
      { event: 'passo', data: { n: 1 } },
      { event: 'fim', data: 2 },
    ])
    expect(connection).toEqual([true, false, true])
    expect(opened.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '7'])
    expect(opened[0]).toMatchObject({
      path: '/eventos',
      headers: { accept: 'text/event-stream', 'accept-language': 'pt-BR' },
    })
  })

  test('that is refused for good ends with the refusal', async () => {
    answers = [() => refusal('unknown-leg', 404)]
    const { connection, end } = followed('fim')
    expect(await end).toBe('unknown-leg')
    expect([opened.length, connection]).toEqual([1, []])
  })

  test.each([
    ['no node answers', () => undefined as never],
    ['the node is overloaded', () => refusal('overloaded', 503)],
  ])('is asked for again, more and more seldom, while %s', async (_, answer) => {
    answers = [answer]
    vi.spyOn(Math, 'random').mockReturnValue(1)
    const { stop, end } = followed('fim')
    const times: number[] = []
    for (let second = 0; second < 62; second++) {
      if (opened.length > times.length) times.push(second)
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect(times).toEqual([0, 1, 3, 7, 15, 30, 45, 60])
    stop.abort()
    expect(await end).toBe('over')
  })

  test('that is silent for too long counts as broken, and a comment is no silence', async () => {
    let say: ReadableStreamDefaultController<Uint8Array> | undefined
    answers = [() => new Response(new ReadableStream({ start: (to) => void (say = to) })), () => stream('', true)]
    const { connection, stop, end } = followed('fim')
    await vi.advanceTimersByTimeAsync(30_000)
    say?.enqueue(new TextEncoder().encode(': still here\n\n'))
    await vi.advanceTimersByTimeAsync(30_000)
    expect([opened.length, connection]).toEqual([1, [true]])
    await vi.advanceTimersByTimeAsync(7_000)
    expect([opened.length, connection]).toEqual([2, [true, false, true]])
    stop.abort()
    expect(await end).toBe('over')
  })
})
