// Who is signed in, where there is no room for their name.

import styles from './shell.module.css'

export function Initial({ login }: { login: string }) {
  return (
    <span className={styles.initial} aria-hidden="true">
      {Array.from(login)[0]}
    </span>
  )
}
