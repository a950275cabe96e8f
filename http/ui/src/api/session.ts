// Who is signed in: a token of 15 minutes, renewed in the background while the page is open.
//
// It lives in sessionStorage: it ends with the tab, and a reload does not ask for the password again. The clock of this
// machine is never compared with the server's: a token's life is counted from when it came.

import type { Session } from './schema'
import { store } from './store'

interface Signed {
  token: string
  user: string
  login: string
  /** When to renew it, by this machine's clock. */
  renewAt: number
}

type State = { is: 'out' } | { is: 'ended'; login: string } | ({ is: 'in' } & Signed)

/** The part of a token's life after which it is renewed: two more tries fit before its end. */
const RENEW_AFTER = 0.6
/** A token that does not say how long it lives. */
const LIFE_DEFAULT_S = 15 * 60

const state = store<State>({ is: 'out' }, { key: 'passcom.session', in: 'sessionStorage' })

export const useSession = state.use

export function token(): string | undefined {
  const now = state.get()
  return now.is === 'in' ? now.token : undefined
}

export function begin(login: string, session: Session): void {
  const renewAt = Date.now() + lifeOf(session.access_token) * RENEW_AFTER * 1000
  state.set({ is: 'in', token: session.access_token, user: session.user_uuid, login, renewAt })
}

/** The server takes the token no more: what was being done stays, and the page asks to sign in again. */
export function end(): void {
  const now = state.get()
  if (now.is === 'in') state.set({ is: 'ended', login: now.login })
}

export function leave(): void {
  state.set({ is: 'out' })
}

/** The session that should be renewed now, if there is one. */
export function due(): Pick<Signed, 'login' | 'token'> | undefined {
  const now = state.get()
  return now.is === 'in' && Date.now() >= now.renewAt ? now : undefined
}

/** Seconds that a token lives, from its own claims. */
function lifeOf(token: string): number {
  try {
    const claims = JSON.parse(atob((token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/'))) as {
      exp?: number
      iat?: number
    }
    const life = (claims.exp ?? NaN) - (claims.iat ?? NaN)
    return life > 0 ? life : LIFE_DEFAULT_S
  } catch {
    return LIFE_DEFAULT_S
  }
}
