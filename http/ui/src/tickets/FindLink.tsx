// The way to a booking for who has its letters, and no session.

import { useText } from '../i18n'

export function FindLink() {
  const t = useText()
  return (
    <a className="button" href="#/encontrar">
      {t.find.title}
    </a>
  )
}
