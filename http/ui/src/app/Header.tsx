// Name, ways, language, theme and account.

import { lazy, Suspense, useState } from 'react'
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'

import { askToSignIn } from '../account/asking'
import { signOut } from '../account/leaving'
import type { Deed } from '../account/Security'
import { useSession } from '../api/session'
import { useText } from '../i18n'
import { choose as chooseLanguage, useLanguage, type Language } from '../i18n/language'
import { classes } from '../parts/classes'
import { Icon } from '../parts/Icon'
import { choose as chooseTheme, useTheme, type Theme } from './theme'
import styles from './shell.module.css'

const Security = lazy(() => import('../account/Security'))

const THEMES: Theme[] = ['system', 'light', 'dark']
const LANGUAGES: Record<Language, string> = { 'pt-BR': 'Português', en: 'English' }

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
        <LanguageMenu />
        <ThemeMenu />
        <Account />
      </div>
    </header>
  )
}

function LanguageMenu() {
  const t = useText()
  const language = useLanguage()
  return (
    <MenuTrigger>
      <Button className="button quiet" aria-label={`${t.app.language}: ${LANGUAGES[language]}`}>
        {language === 'en' ? 'EN' : 'PT'}
      </Button>
      <Popover className="popover">
        <Menu
          className="menu"
          aria-label={t.app.language}
          selectionMode="single"
          selectedKeys={[language]}
          onAction={(key) => chooseLanguage(key as Language)}
        >
          {Object.entries(LANGUAGES).map(([code, name]) => (
            <MenuItem key={code} id={code} className="option" textValue={name}>
              <span lang={code}>{name}</span>
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}

function ThemeMenu() {
  const t = useText()
  const theme = useTheme()
  return (
    <MenuTrigger>
      <Button className="button quiet" aria-label={`${t.app.theme}: ${t.app.themes[theme]}`}>
        <Icon name="theme" />
      </Button>
      <Popover className="popover">
        <Menu
          className="menu"
          aria-label={t.app.theme}
          selectionMode="single"
          selectedKeys={[theme]}
          onAction={(key) => chooseTheme(key as Theme)}
        >
          {THEMES.map((name) => (
            <MenuItem key={name} id={name} className="option">
              {t.app.themes[name]}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}

function Account() {
  const [deed, setDeed] = useState<Deed>()
  return (
    <>
      <AccountMenu onDeed={setDeed} />
      {deed && (
        <Suspense fallback={null}>
          <Security deed={deed} onClose={() => setDeed(undefined)} />
        </Suspense>
      )}
    </>
  )
}

function AccountMenu({ onDeed }: { onDeed: (deed: Deed) => void }) {
  const t = useText()
  const session = useSession()
  if (session.is !== 'in') {
    return (
      <Button className="button quiet" onPress={() => void askToSignIn()}>
        <Icon name="person" />
        <span className="wide-only">{t.account.signIn}</span>
        <span className="visually-hidden narrow-only">{t.account.signIn}</span>
      </Button>
    )
  }
  return (
    <MenuTrigger>
      <Button className="button quiet" aria-label={t.account.signedInAs(session.login)}>
        <Icon name="person" />
        <span className={classes('wide-only', styles.accountName)}>{session.login}</span>
      </Button>
      <Popover className="popover">
        <Menu className="menu" aria-label={t.account.signedInAs(session.login)}>
          <MenuItem className="option" href="#/passagens">
            {t.app.tickets}
          </MenuItem>
          <MenuItem className="option" onAction={() => onDeed('change')}>
            {t.account.change}
          </MenuItem>
          <MenuItem className="option" onAction={() => onDeed('everywhere')}>
            {t.account.everywhere}
          </MenuItem>
          <MenuItem className="option" onAction={signOut}>
            {t.account.signOut}
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
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
