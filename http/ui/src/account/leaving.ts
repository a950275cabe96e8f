// Signing out, which leaves nothing behind of what was chosen or seen, in any tab.

import { queries } from '../api/queries'
import { tellLeft } from '../api/renewal'
import { leave, onLeft } from '../api/session'
import { forgetPicks } from '../search/picks'
import { forgetRecent } from '../search/recent'
import { forget } from '../seats/choice'
import { forgetForgotten } from './forgotten'

export function signOut(): void {
  leave()
  void tellLeft()
}

/** Forgets whenever somebody leaves; once per page. */
export function forgetWhoLeft(): void {
  onLeft(() => {
    forget()
    forgetPicks()
    forgetRecent()
    forgetForgotten()
    queries.clear()
  })
}
