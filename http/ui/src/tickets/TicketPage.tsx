// One ticket: what it says, what has changed of it, and what can be done with it.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { NeedsSession } from '../account/NeedsSession'
import { ticket as ticketQuery } from '../api/queries'
import type { Ticket, TicketSeat } from '../api/schema'
import { useSession } from '../api/session'
import { Page } from '../app/Page'
import { useText } from '../i18n'
import { useLanguage } from '../i18n/language'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Failure } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import { Skeletons } from '../parts/Skeleton'
import { CancelDialog } from './CancelDialog'
import { Changes } from './Changes'
import { Exchanged } from './Exchanged'
import { correctable } from './correct'
import { shownState, toCancel } from './flown'
import { calendarOf, pdfOf } from './files'
import { FindLink } from './FindLink'
import { NamesDialog } from './NamesDialog'
import { TicketBody } from './TicketBody'
import styles from './tickets.module.css'

export default function TicketPage({ uuid }: { uuid: string }) {
  const t = useText()
  const session = useSession()
  const { data, error, refetch } = useQuery({ ...ticketQuery(uuid), enabled: session.is === 'in' })
  return (
    <Page
      title={t.tickets.ticket}
      aside={
        data && (
          <span className={styles.badge} data-state={shownState(data)}>
            {t.tickets.states[shownState(data)]}
          </span>
        )
      }
    >
      {session.is !== 'in' && !data && (
        <NeedsSession>
          <FindLink />
        </NeedsSession>
      )}
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {session.is === 'in' && !data && !error && <Skeletons count={2} />}
      {data && <OneTicket ticket={data} />}
    </Page>
  )
}

function OneTicket({ ticket }: { ticket: Ticket }) {
  const t = useText()
  const [wanted, setWanted] = useState<TicketSeat[]>()
  const [names, setNames] = useState<'open' | 'done'>()
  const [refund, setRefund] = useState<string>()
  const done = (amount: string) => {
    setRefund(amount)
    setWanted(undefined)
  }
  const changed = ticket.trechos.filter(({ direitos }) => direitos?.reembolso_integral)
  return (
    <article className={classes('stack', styles.ticket)}>
      {refund !== undefined && <Notice tone="good">{t.tickets.cancelled(refund)}</Notice>}
      {names === 'done' && <Notice tone="good">{t.names.done}</Notice>}
      <Exchanged ticket={ticket} />
      <Changes ticket={ticket} onRefund={() => setWanted(changed)} />
      <TicketBody ticket={ticket} />
      {ticket.estado !== 'cancelada' && (
        <Actions ticket={ticket} onCancel={() => setWanted(toCancel(ticket))} onNames={() => setNames('open')} />
      )}
      <CancelDialog ticket={ticket} wanted={wanted} onClose={() => setWanted(undefined)} onDone={done} />
      <NamesDialog
        ticket={ticket}
        isOpen={names === 'open'}
        onClose={() => setNames(undefined)}
        onDone={() => setNames('done')}
      />
    </article>
  )
}

interface ActionsProps {
  ticket: Ticket
  onCancel: () => void
  onNames: () => void
}

function Actions({ ticket, onCancel, onNames }: ActionsProps) {
  const t = useText()
  const language = useLanguage()
  return (
    <div className="row">
      <a className="button primary" href={pdfOf(ticket.uuid, language)} download>
        <Icon name="paper" />
        {t.tickets.pdf}
      </a>
      <a className="button" href={calendarOf(ticket.uuid, language)} download>
        <Icon name="calendar" />
        {t.tickets.calendar}
      </a>
      {correctable(ticket).length > 0 && <Button onPress={onNames}>{t.names.correct}</Button>}
      {toCancel(ticket).length > 0 && (
        <Button kind="danger" onPress={onCancel}>
          {t.tickets.cancel}
        </Button>
      )}
    </div>
  )
}
