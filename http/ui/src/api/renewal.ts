// Renews the session before its token ends, also after a laptop slept.

import { answer, client } from './client'
import * as session from './session'

const CHECK_EVERY_MS = 5_000

/** Starts looking; once per page. */
export function keepRenewing(): void {
  setInterval(() => void renewIfDue(), CHECK_EVERY_MS)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void renewIfDue()
  })
}

let underWay = false

async function renewIfDue(): Promise<void> {
  const due = session.due()
  if (!due || underWay) return
  underWay = true
  try {
    const renewed = await answer(client.POST('/renovar'))
    // who signed out meanwhile is not signed in again
    if (session.token() === due.token) session.begin(due.login, renewed)
  } catch {
    // a refused token has ended the session already; anything else is tried again at the next look
  } finally {
    underWay = false
  }
}
