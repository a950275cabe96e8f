// Who needs a session asks for one here and waits; the dialog of SignIn.tsx answers.

import { store } from '../api/store'
import { token } from '../api/session'

interface Asking {
  /** Why, in a sentence; none if the visitor asked for it. */
  why?: string
  settle(signedIn: boolean): void
}

const asking = store<Asking | undefined>(undefined)

export const useAsking = asking.use

/** Opens the dialog; true once the visitor is signed in, false if they would rather not. */
export function askToSignIn(why?: string): Promise<boolean> {
  asking.get()?.settle(false)
  return new Promise((resolve) => {
    const settle = (signedIn: boolean) => {
      asking.set(undefined)
      resolve(signedIn)
    }
    asking.set(why === undefined ? { settle } : { why, settle })
  })
}

export async function ensureSession(why: string): Promise<boolean> {
  return token() !== undefined || askToSignIn(why)
}
