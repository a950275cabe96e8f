// The way for who has forgotten the password, wherever one is asked for.

import { useText } from '../i18n'
import { ASK, noteForgotten } from './forgotten'

interface Props {
  /** As far as it is typed. */
  login: string
  /** Closes what stands over the page. */
  onLeave: () => void
}

export function ForgottenLink({ login, onLeave }: Props) {
  const t = useText()
  const leave = () => {
    noteForgotten(login)
    onLeave()
  }
  return (
    <p>
      <a href={ASK} onClick={leave}>
        {t.forgotten.link}
      </a>
    </p>
  )
}
