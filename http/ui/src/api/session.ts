// Who is signed in, the same in every tab: the browser keeps the token in a cookie that no script can read; what is kept here is whose
// it is, and when to renew it.
//
// The cookie ends with the browser, the token after 15 minutes unless it is renewed. The clock of this machine is never compared with the
// server's: a token's life is counted from when it came.

import type { Session } from './schema'
import { store } from './store'

interface Signed {
  user: string
  login: string
  /** Tells this token from the one before it. */
  id: string
  /** When to renew it, and when it ends, by this machine's clock. */
  renewAt: number
  endsAt: number
}

type State =
  /** `owed`: the server is still to be told, as the cookie is there until then. */
  { is: 'out'; owed?: boolean } | { is: 'ended'; login: string } | ({ is: 'in' } & Signed)

/** The part of a token's life after which it is renewed: two more tries fit before its end. */
const RENEW_AFTER = 0.6

const state = store<State>(
  { is: 'out' },
  {
    key: 'passcom.session',
    in: 'localStorage',
    isShared: true,
    // of a browser that was closed since
    isGood: (kept) => kept.is !== 'in' || Date.now() < kept.endsAt,
  },
)

export const useSession = state.use

/** Tells when another is signed in, or nobody any more, here or in another tab. */
export function onLeft(left: () => void): void {
  const userOf = (now: State) => (now.is === 'in' ? now.user : undefined)
  let user = userOf(state.get())
  state.watch(() => {
    const now = state.get()
    // who has to sign in again finds everything as it was
    if (now.is === 'ended') return
    if (user !== undefined && userOf(now) !== user) left()
    user = userOf(now)
  })
}

/** Who is signed in, by the id of the user. */
export function user(): string | undefined {
  const now = state.get()
  return now.is === 'in' ? now.user : undefined
}

/** Tells of every change of who is signed in. */
export const watch = state.watch

export const isIn = (): boolean => state.get().is === 'in'

/** Names the token that a request is sent with. */
export function id(): string | undefined {
  const now = state.get()
  return now.is === 'in' ? now.id : undefined
}

/** As `id`, also where another tab has changed it this moment. */
export function freshId(): string | undefined {
  state.fresh()
  return id()
}

export function begin(login: string, session: Session): void {
  const now = Date.now()
  const life = session.expires_in * 1000
  const id = `${now}.${Math.random()}`
  state.set({ is: 'in', user: session.user_uuid, login, id, renewAt: now + life * RENEW_AFTER, endsAt: now + life })
}

/** The server takes the token of this name no more: what was being done stays, and the page asks to sign in again. */
export function end(id: string): void {
  // another tab may have a newer one
  const now = state.fresh()
  if (now.is === 'in' && now.id === id) state.set({ is: 'ended', login: now.login })
}

export function leave(): void {
  state.set({ is: 'out', owed: true })
}

/** The server was told that its owner left. */
export function settle(): void {
  if (state.fresh().is === 'out') state.set({ is: 'out' })
}

/** Whether the server is still to be told that its owner left. */
export function owes(): boolean {
  const now = state.fresh()
  return now.is === 'out' && now.owed === true
}

/** The session that should be renewed now, if there is one. */
export function due(): Pick<Signed, 'login' | 'id'> | undefined {
  const now = state.fresh()
  return now.is === 'in' && Date.now() >= now.renewAt ? now : undefined
}
