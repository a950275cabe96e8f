// A visitor who has forgotten the password: what is kept of that in the tab, so that it outlives a reload, and how a code is written.

import { go, replace, routeOf, type Route } from '../app/route'
import { store } from '../api/store'
import { typed } from '../tickets/letters'

interface Forgotten {
  login: string
  /** The page that was left for this; none if an address led here. */
  from: string
  /** Whether a code was asked for. */
  isAsked: boolean
}

const NONE: Forgotten = { login: '', from: '', isAsked: false }

const kept = store<Forgotten>(NONE, { key: 'passcom.forgotten', in: 'sessionStorage' })

export const useForgotten = kept.use

/** Where a code is asked for, and where it is entered: letters lead to the second. */
export const ASK = '#/senha'
export const ENTER = '#/senha/codigo'

/** Whether the visitor is at one of the two. */
export const isForgotten = ([name]: Route['parts']): boolean => name === 'senha'

/** Somebody is about to go to `ASK`, who typed this login so far. */
export function noteForgotten(login: string): void {
  const from = isForgotten(routeOf(location.hash).parts) ? kept.get().from : location.hash
  kept.set({ login: login.trim(), from, isAsked: false })
}

/** On to the code, that was asked for now or came before. */
export function toCode(login: string, isAsked: boolean): void {
  kept.set({ ...kept.get(), login: login.trim(), isAsked })
  go(ENTER)
}

/** Back to where the visitor was; the search, if that was nowhere. */
export function goOn(): void {
  const { from } = kept.get()
  forgetForgotten()
  replace(from || '#/')
}

export function forgetForgotten(): void {
  kept.set(NONE)
}

/** Eight digits; blanks and hyphens do not count. */
export const isCode = (text: string): boolean => /^[0-9]{8}$/.test(typed(text))
