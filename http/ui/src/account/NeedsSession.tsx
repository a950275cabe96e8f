// In place of a page that is only for those who are signed in.

import { useText } from '../i18n'
import { Blank } from '../parts/Blank'
import { Button } from '../parts/Button'
import { askToSignIn } from './asking'

export function NeedsSession() {
  const t = useText()
  return (
    <Blank hint={t.tickets.signIn}>
      <Button kind="primary" onPress={() => void askToSignIn()}>
        {t.account.signIn}
      </Button>
    </Blank>
  )
}
