// One ticket: its legs in order, who sits where, and what can be done with it.

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { NeedsSession } from '../account/NeedsSession'
import { ticket as ticketQuery } from '../api/queries'
import type { Ticket, TicketSeat } from '../api/schema'
import { useSession } from '../api/session'
import { Page } from '../app/Page'
import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Failure } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import { Skeletons } from '../parts/Skeleton'
import trip from '../parts/trip.module.css'
import { TripLegs } from '../parts/TripLegs'
import { CancelDialog } from './CancelDialog'
import { Changes } from './Changes'
import { Exchanged } from './Exchanged'
import { shownState, toCancel } from './flown'
import { saveCalendar, savePdf } from './files'
import { Sitter } from './Sitter'
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
      {session.is !== 'in' && !data && <NeedsSession />}
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {session.is === 'in' && !data && !error && <Skeletons count={2} />}
      {data && <OneTicket ticket={data} />}
    </Page>
  )
}

function OneTicket({ ticket }: { ticket: Ticket }) {
  const t = useText()
  const formats = useFormats()
  const [wanted, setWanted] = useState<TicketSeat[]>()
  const [refund, setRefund] = useState<string>()
  const done = (amount: string) => {
    setRefund(amount)
    setWanted(undefined)
  }
  const changed = ticket.trechos.filter(({ direitos }) => direitos?.reembolso_integral)
  return (
    <article className={classes('stack', styles.ticket)}>
      {refund !== undefined && <Notice tone="good">{t.tickets.cancelled(refund)}</Notice>}
      <Exchanged ticket={ticket} />
      <Changes ticket={ticket} onRefund={() => setWanted(changed)} />
      <section className="card stack">
        <p className="quiet-text">
          {t.tickets.bought(formats.moment(ticket.criada_em))} · {t.tickets.code} <code>{ticket.uuid}</code>
        </p>
        <TripLegs seats={ticket.trechos} sitter={(seat) => <Sitter seat={seat} />} />
        <p className={classes(trip.sum, trip.total)}>
          <span>{t.seats.total}</span>
          <b>{ticket.preco ? formats.money(ticket.preco) : t.search.mixedCurrencies}</b>
        </p>
        {ticket.reembolso && (
          <p className={trip.sum}>
            <span>{t.tickets.gaveBackAll}</span>
            <b>{formats.money(ticket.reembolso)}</b>
          </p>
        )}
      </section>
      {ticket.estado !== 'cancelada' && <Actions ticket={ticket} onCancel={() => setWanted(toCancel(ticket))} />}
      <CancelDialog ticket={ticket} wanted={wanted} onClose={() => setWanted(undefined)} onDone={done} />
    </article>
  )
}

function Actions({ ticket, onCancel }: { ticket: Ticket; onCancel: () => void }) {
  const t = useText()
  const pdf = useMutation({ mutationFn: () => savePdf(ticket.uuid) })
  const calendar = useMutation({ mutationFn: () => saveCalendar(ticket.uuid) })
  const error = pdf.error ?? calendar.error
  return (
    <div className="stack">
      <div className="row">
        <Button kind="primary" onPress={() => pdf.mutate()} isWaiting={pdf.isPending}>
          <Icon name="paper" />
          {t.tickets.pdf}
        </Button>
        <Button onPress={() => calendar.mutate()} isWaiting={calendar.isPending}>
          <Icon name="calendar" />
          {t.tickets.calendar}
        </Button>
        {toCancel(ticket).length > 0 && (
          <Button kind="danger" onPress={onCancel}>
            {t.tickets.cancel}
          </Button>
        )}
      </div>
      {error && <Failure error={error} />}
    </div>
  )
}
