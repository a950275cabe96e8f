// In place of a page that is only for those who are signed in.

import type { ReactNode } from 'react'

import { useText } from '../i18n'
import { Blank } from '../parts/Blank'
import { Button } from '../parts/Button'
import { askToSignIn } from './asking'

/** What else there is for who has none stands beside it. */
export function NeedsSession({ children }: { children?: ReactNode }) {
  const t = useText()
  return (
    <Blank hint={t.tickets.signIn}>
      <Button kind="primary" onPress={() => void askToSignIn()}>
        {t.account.signIn}
      </Button>
      {children}
    </Blank>
  )
}
