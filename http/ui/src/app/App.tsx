// The frame of every page: header, the page of the address, sign-in on top. Pages beyond the search are loaded when needed.

import { lazy, Suspense, useEffect, type ReactNode } from 'react'
import { I18nProvider } from 'react-aria-components'

import { askToSignIn, useAsking } from '../account/asking'
import { isForgotten } from '../account/forgotten'
import { useSession } from '../api/session'
import { useText } from '../i18n'
import { useLanguage } from '../i18n/language'
import { Skeletons } from '../parts/Skeleton'
import { SearchPage } from '../search/SearchPage'
import { Boundary } from './Boundary'
import { Header } from './Header'
import { NotFound } from './NotFound'
import { ReachNotice } from './Reach'
import { useRoute } from './route'
import styles from './shell.module.css'

const RunningHold = lazy(() => import('../holds/RunningHold'))
const SignIn = lazy(() => import('../account/SignIn'))
const SeatsPage = lazy(() => import('../seats/SeatsPage'))
const HoldPage = lazy(() => import('../holds/HoldPage'))
const TicketsPage = lazy(() => import('../tickets/TicketsPage'))
const TicketPage = lazy(() => import('../tickets/TicketPage'))
const ExchangePage = lazy(() => import('../exchange/ExchangePage'))
const FindPage = lazy(() => import('../tickets/FindPage'))
const CheckPage = lazy(() => import('../tickets/CheckPage'))
const AskForCode = lazy(() => import('../account/AskForCode'))
const EnterCode = lazy(() => import('../account/EnterCode'))
const StatusPage = lazy(() => import('../status/StatusPage'))
const DocsPage = lazy(() => import('../docs/DocsPage'))

export function App() {
  const t = useText()
  const { parts } = useRoute()
  const isSignedIn = useSession().is === 'in'
  const locale = useLanguage() === 'en' ? 'en-GB' : 'pt-BR'
  return (
    <I18nProvider locale={locale}>
      <a className={styles.skip} href="#main" onClick={skip}>
        {t.app.skip}
      </a>
      <Header here={parts[0] ?? ''} />
      <ReachNotice />
      {isSignedIn && (
        <Suspense fallback={null}>
          <RunningHold page={parts} />
        </Suspense>
      )}
      <main id="main" tabIndex={-1}>
        {/* a page that fails leaves the header, and another address starts afresh */}
        <Boundary key={parts.join('/')}>
          <Suspense fallback={<Skeletons count={3} />}>{page(parts)}</Suspense>
        </Boundary>
      </main>
      <footer className={styles.footer}>
        <span>{t.app.slogan}</span>
        <a href="#/encontrar">{t.find.title}</a>
        <a href="#/docs">{t.app.docs}</a>
      </footer>
      <SignInWhenAsked mayAsk={!isForgotten(parts)} />
    </I18nProvider>
  )
}

/** `mayAsk`: whoever cannot sign in is not asked to. */
function SignInWhenAsked({ mayAsk }: { mayAsk: boolean }) {
  const t = useText()
  const asking = useAsking()
  const hasEnded = useSession().is === 'ended'
  useEffect(() => {
    if (hasEnded && mayAsk) void askToSignIn(t.account.ended)
  }, [hasEnded, mayAsk, t])
  return (
    asking && (
      <Suspense fallback={null}>
        <SignIn asking={asking} />
      </Suspense>
    )
  )
}

function page([name, argument, ...rest]: string[]): ReactNode {
  if (rest.length > 0) return <NotFound />
  switch (name) {
    case '':
      return <SearchPage />
    case 'assentos':
      return <SeatsPage />
    case 'retencao':
      return argument ? <HoldPage uuid={argument} /> : <NotFound />
    case 'passagens':
      return argument ? <TicketPage uuid={argument} /> : <TicketsPage />
    case 'encontrar':
      return argument === undefined ? <FindPage /> : <NotFound />
    case 'remarcar':
      return argument ? <ExchangePage uuid={argument} /> : <NotFound />
    case 'senha':
      return argument === undefined ? <AskForCode /> : argument === 'codigo' ? <EnterCode /> : <NotFound />
    case 'bilhete':
      return argument ? <CheckPage code={argument} /> : <NotFound />
    case 'situacao':
      return <StatusPage />
    case 'docs':
      return <DocsPage />
    default:
      return <NotFound />
  }
}

/** The fragment is the route, so a link to `#main` must not become one. */
function skip(event: React.MouseEvent) {
  event.preventDefault()
  document.getElementById('main')?.focus()
}
