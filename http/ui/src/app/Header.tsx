// Name and ways; language, theme and account come a moment later.

import { lazy, Suspense } from 'react'

import { useSession } from '../api/session'
import { useText } from '../i18n'
import { useLanguage } from '../i18n/language'
import { classes } from '../parts/classes'
import { Icon } from '../parts/Icon'
import { Initial } from './Initial'
import styles from './shell.module.css'

/** Menus are a tenth of all code; the page need not wait for them. */
const HeaderTools = lazy(() => import('./HeaderTools'))

export function Header({ here }: { here: string }) {
  const t = useText()
  const ways = [
    { to: '', text: t.app.search },
    { to: 'passagens', text: t.app.tickets },
    { to: 'situacao', text: t.app.status },
  ]
  return (
    <header className={styles.header}>
      <a className={styles.brand} href="#/">
        <Logo />
        {t.app.name}
      </a>
      <nav aria-label={t.app.menu}>
        {ways.map(({ to, text }) => (
          <a key={to} href={`#/${to}`} aria-current={here === to ? 'page' : undefined}>
            {text}
          </a>
        ))}
      </nav>
      <div className={styles.headerTools}>
        <Suspense fallback={<ComingTools />}>
          <HeaderTools />
        </Suspense>
      </div>
    </header>
  )
}

function Logo() {
  return (
    <svg className={styles.logo} viewBox="0 0 32 32" aria-hidden="true">
      <path className={styles.logoArc} d="M6 23C10 8 22 8 26 23" />
      <circle className={styles.logoEnd} cx="6" cy="23" r="3.5" />
      <circle className={styles.logoMid} cx="16" cy="11.8" r="3.5" />
      <circle className={styles.logoEnd} cx="26" cy="23" r="3.5" />
    </svg>
  )
}

/** Stands where the menus will be, and looks as they do: nothing flashes when they come. */
function ComingTools() {
  const t = useText()
  const session = useSession()
  const who = session.is === 'in' ? session.login : t.account.signIn
  return (
    <>
      <span className="button quiet">{useLanguage() === 'en' ? 'EN' : 'PT'}</span>
      <span className="button quiet">
        <Icon name="theme" />
      </span>
      <span className="button quiet">
        {session.is === 'in' ? <Initial login={session.login} /> : <Icon name="person" />}
        <span className={classes('wide-only', styles.accountName)}>{who}</span>
      </span>
    </>
  )
}
