// Renews the session before its token ends, also after a laptop slept, and tells the server when its owner leaves.

import { answer, client } from './client'
import * as session from './session'

const CHECK_EVERY_MS = 5_000

/** Starts looking; once per page. */
export function keepRenewing(): void {
  const look = () => {
    void renewIfDue()
    if (session.owes()) void tellLeft()
  }
  setInterval(look, CHECK_EVERY_MS)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') look()
  })
}

let underWay = false

export async function renewIfDue(): Promise<void> {
  const due = session.due()
  if (!due || underWay) return
  underWay = true
  try {
    const renewed = await answer(client.POST('/renovar'))
    // who signed out meanwhile is not signed in again: the answer has brought the cookie back
    if (session.freshId() === due.id) session.begin(due.login, renewed)
    else if (!session.isIn()) await tellLeft()
  } catch {
    // a refused token has ended the session already; anything else is tried again at the next look
  } finally {
    underWay = false
  }
}

/** Has the server take the cookie back. Where it cannot be reached, that is tried again at the next look. */
export async function tellLeft(): Promise<void> {
  try {
    await answer(client.POST('/sair'))
    session.settle()
  } catch {
    // the token in it ends by itself
  }
}
