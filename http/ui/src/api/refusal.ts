// What the page knows of a request that did not get what it asked for: the server's problem, or that no server answered.

import type { Problem } from './schema'

/** A `type` of docs/api.md, or `unreachable`: no answer came. */
export type Slug = string

export class Refusal extends Error {
  override name = 'Refusal'
  /** When it came, by this machine's clock. */
  readonly came = Date.now()

  constructor(
    readonly slug: Slug,
    readonly status: number,
    /** A sentence for people, in the language that was asked for; none if there was no answer. */
    readonly sentence: string | undefined,
    readonly problem: Partial<Problem>,
    /** Seconds after which another try is welcome, where the server says so. */
    readonly retryAfter?: number,
  ) {
    super(`${status} ${slug}`)
  }

  static of(body: unknown, response: Response): Refusal {
    const problem: Partial<Problem> = typeof body === 'object' && body !== null ? body : {}
    const slug = problem.type?.split('/').pop() ?? 'internal'
    // the detail of an open outcome is an address, for programs
    const sentence = slug === 'outcome-unknown' ? problem.message : (problem.detail ?? problem.message)
    const wait = Number(response.headers?.get('retry-after') ?? NaN)
    return new Refusal(slug, response.status, sentence, problem, Number.isFinite(wait) ? wait : undefined)
  }

  static unreachable(): Refusal {
    return new Refusal('unreachable', 0, undefined, {})
  }

  /** The server did nothing that counts: the same request, with the same key, may be sent again. */
  get mayRepeat(): boolean {
    return this.status === 0 || this.status >= 500 || REPEATABLE.has(this.slug)
  }

  /** What was asked for may be done all the same: no answer came, or one that does not know. */
  get leavesOpen(): boolean {
    const isKnown = this.slug === 'company-down' || this.slug === 'overloaded'
    return this.status === 0 || (this.status >= 500 && !isKnown) || this.slug === 'still-running'
  }

  /** Turned away unread: it says nothing of what was sent before with the same key. */
  get isAtTheDoor(): boolean {
    return AT_THE_DOOR.has(this.slug)
  }
}

const AT_THE_DOOR: ReadonlySet<Slug> = new Set(['invalid-token', 'too-many-requests', 'request-timeout', 'overloaded'])
const REPEATABLE: ReadonlySet<Slug> = new Set(['seat-busy', 'still-running', 'too-many-requests', 'request-timeout'])

export function isRefusal(error: unknown, ...slugs: Slug[]): error is Refusal {
  return error instanceof Refusal && (slugs.length === 0 || slugs.includes(error.slug))
}
