// Who needs a session asks for one here and waits; the dialog of SignIn.tsx answers.

import { isIn } from '../api/session'
import { store } from '../api/store'

export interface Asking {
  /** Why, in a sentence; none if the visitor asked for it. */
  why: string | undefined
  /** True once the visitor is signed in, false if they would rather not. */
  answer: Promise<boolean>
  settle: (signedIn: boolean) => void
}

const asking = store<Asking | undefined>(undefined)

export const useAsking = asking.use

/** Opens the dialog; whoever asks while it stands open waits for the same answer. */
export function askToSignIn(why?: string): Promise<boolean> {
  const open = asking.get()
  if (open) return open.answer
  const { promise, resolve } = deferred<boolean>()
  const settle = (signedIn: boolean) => {
    asking.set(undefined)
    resolve(signedIn)
  }
  asking.set({ why, answer: promise, settle })
  return promise
}

export async function ensureSession(why: string): Promise<boolean> {
  return isIn() || askToSignIn(why)
}

function deferred<T>() {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((settle) => (resolve = settle))
  return { promise, resolve }
}
