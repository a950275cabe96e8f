// Language, theme and account: what opens a menu.

import { lazy, Suspense, useState } from 'react'
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'

import { askToSignIn } from '../account/asking'
import { signOut } from '../account/leaving'
import type { Deed } from '../account/Security'
import { useSession } from '../api/session'
import { learn, useText } from '../i18n'
import { choose as chooseLanguage, useLanguage, type Language } from '../i18n/language'
import { classes } from '../parts/classes'
import { Icon } from '../parts/Icon'
import { Initial } from './Initial'
import { choose as chooseTheme, useTheme, type Theme } from './theme'
import styles from './shell.module.css'

const Security = lazy(() => import('../account/Security'))

const THEMES: Theme[] = ['system', 'light', 'dark']
const LANGUAGES: Record<Language, string> = { 'pt-BR': 'Português', en: 'English' }

export default function HeaderTools() {
  return (
    <>
      <LanguageMenu />
      <ThemeMenu />
      <Account />
    </>
  )
}

/** Its sentences first: the page is never half in one language. */
async function speak(language: Language): Promise<void> {
  await learn(language)
  chooseLanguage(language)
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
          onAction={(key) => void speak(key as Language).catch(() => undefined)}
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
        <Initial login={session.login} />
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
          <MenuItem className="option" onAction={() => onDeed('email')}>
            {t.account.email}
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
