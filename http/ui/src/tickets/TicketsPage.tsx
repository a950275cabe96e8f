// The visitor's trips: those that are held still, and those that are booked.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'

import { useId } from 'react'

import { NeedsSession } from '../account/NeedsSession'
import { useAirlines } from '../api/airlines'
import { cancelledTickets as cancelledQuery, holds as holdsQuery, tickets as ticketsQuery } from '../api/queries'
import type { Hold, Ticket } from '../api/schema'
import { useReach } from '../api/reach'
import { useSession } from '../api/session'
import { Page } from '../app/Page'
import { useFormats, useText } from '../i18n'
import { Blank } from '../parts/Blank'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Company } from '../parts/Company'
import { Failure } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import { Skeletons } from '../parts/Skeleton'
import { tripName } from '../holds/legs'
import { FindLink } from './FindLink'
import { shownState } from './flown'
import { Letters } from './Locator'
import styles from './tickets.module.css'

export default function TicketsPage() {
  const t = useText()
  const session = useSession()
  // without a connection what was seen before is shown, to who has not signed out
  const mayAsk = useReach() !== 'there' || session.is === 'in'
  return (
    <Page title={t.tickets.title}>
      {mayAsk ? (
        <>
          <Incomplete />
          <OpenHolds />
          <Tickets />
        </>
      ) : (
        <NeedsSession>
          <FindLink />
        </NeedsSession>
      )}
    </Page>
  )
}

/** Names the companies that could not be asked: what only they know is not listed. */
function Incomplete() {
  const t = useText()
  const nameOf = useAirlines()
  const formats = useFormats()
  const { data: holds } = useQuery(holdsQuery)
  const { data: tickets } = useInfiniteQuery(ticketsQuery)
  const missing = [...new Set([holds, ...(tickets?.pages ?? [])].flatMap((answer) => answer?.missing ?? []))]
  if (missing.length === 0) return null
  return <Notice tone="warning">{t.tickets.incomplete(formats.list(missing.map((code) => nameOf(code))))}</Notice>
}

function OpenHolds() {
  const t = useText()
  const { data, error, refetch } = useQuery(holdsQuery)
  const open = data?.retencoes ?? []
  const failure = error && <Failure error={error} onRetry={() => void refetch()} />
  if (open.length === 0) return failure
  return (
    <section className="stack tight" aria-labelledby="open-holds">
      <h2 id="open-holds">{t.tickets.holds}</h2>
      {failure}
      {open.map((hold) => (
        <OpenHold key={hold.uuid} hold={hold} />
      ))}
    </section>
  )
}

function OpenHold({ hold }: { hold: Hold }) {
  const t = useText()
  const formats = useFormats()
  return (
    <a className={classes('card', styles.ticketCard)} data-held href={`#/retencao/${hold.uuid}`}>
      <Icon name="clock" />
      <TripLine seats={hold.trechos} />
      <span className="quiet-text">{t.tickets.until(formats.moment(hold.expira_em))}</span>
      <span className={styles.ticketGo}>
        {t.tickets.goOn}
        <Icon name="arrow" />
      </span>
    </a>
  )
}

function Tickets() {
  const t = useText()
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(ticketsQuery)
  const cancelled = useInfiniteQuery(cancelledQuery)
  const gone = cancelled.data?.pages.flatMap(({ passagens }) => passagens) ?? []
  const failure = error && <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return failure ?? <Skeletons count={3} className={styles.skeletonTicket} />
  const all = data.pages.flatMap(({ passagens }) => passagens)
  const flown = all.filter((ticket) => shownState(ticket) === 'realizada')
  const coming = all.filter((ticket) => !flown.includes(ticket)).sort(byDeparture)
  return (
    <>
      {failure}
      {coming.length > 0 && (
        <Group tickets={coming} {...(flown.length + gone.length > 0 && { title: t.tickets.coming })} />
      )}
      {!error && coming.length === 0 && (
        <Blank title={t.tickets.none} hint={t.tickets.noneHint}>
          <a className="button primary" href="#/">
            {t.app.home}
          </a>
          <FindLink />
        </Blank>
      )}
      {flown.length > 0 && <Group title={t.tickets.flown} tickets={flown} />}
      {hasNextPage && (
        <Button onPress={() => void fetchNextPage()} isWaiting={isFetchingNextPage}>
          {t.tickets.more}
        </Button>
      )}
      {gone.length > 0 && <Group title={t.tickets.cancelledOnes} tickets={gone} />}
      {cancelled.hasNextPage && (
        <Button onPress={() => void cancelled.fetchNextPage()} isWaiting={cancelled.isFetchingNextPage}>
          {t.tickets.moreCancelled}
        </Button>
      )}
    </>
  )
}

const byDeparture = (one: Ticket, other: Ticket) =>
  Date.parse(one.trechos[0]?.partida ?? '') - Date.parse(other.trechos[0]?.partida ?? '')

function Group({ title, tickets }: { title?: string; tickets: Ticket[] }) {
  const id = useId()
  return (
    <section className="stack tight" {...(title && { 'aria-labelledby': id })}>
      {title && <h2 id={id}>{title}</h2>}
      <ul className="stack tight">
        {tickets.map((ticket) => (
          <li key={ticket.uuid}>
            <TicketCard ticket={ticket} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function TicketCard({ ticket }: { ticket: Ticket }) {
  const t = useText()
  const formats = useFormats()
  const first = ticket.trechos[0]
  const state = shownState(ticket)
  // there is something to be chosen
  const isChanged = state !== 'realizada' && ticket.trechos.some(({ direitos }) => direitos !== undefined)
  return (
    <a className={classes('card', styles.ticketCard)} href={`#/passagens/${ticket.uuid}`}>
      <Icon name="paper" />
      <TripLine seats={ticket.trechos} />
      <span className="quiet-text">
        {first && `${formats.day(first.partida)}, ${formats.time(first.partida)} · `}
        <span className="visually-hidden">{t.locator.title} </span>
        <Letters letters={ticket.localizador} />
      </span>
      <span className={styles.badge} data-state={isChanged ? 'parcial' : state}>
        {isChanged ? t.tickets.changed : t.tickets.states[state]}
      </span>
      <span className={styles.ticketGo}>
        {t.tickets.details}
        <Icon name="arrow" />
      </span>
    </a>
  )
}

function TripLine({ seats }: { seats: Hold['trechos'] }) {
  const t = useText()
  const companies = [...new Set(seats.map(({ company }) => company))]
  return (
    <span className={styles.tripLine}>
      <b>{tripName(t, seats)}</b>
      <span className="row">
        {companies.map((company) => (
          <Company key={company} code={company} />
        ))}
      </span>
    </span>
  )
}
