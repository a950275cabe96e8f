// Signing out, which leaves nothing behind of what was chosen or seen.

import { queries } from '../api/queries'
import { leave } from '../api/session'
import { forgetPicks } from '../search/picks'
import { forget } from '../seats/choice'

export function signOut(): void {
  leave()
  forget()
  forgetPicks()
  queries.clear()
}
