// One ticket: what it says, what has changed of it, and what can be done with it.

import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'

import { NeedsSession } from '../account/NeedsSession'
import { ticket as ticketQuery } from '../api/queries'
import type { Ticket, TicketSeat } from '../api/schema'
import { useReach } from '../api/reach'
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
import { calendarOf, FORMS, pdfOf, type Form } from './files'
import { FindLink } from './FindLink'
import { NamesDialog } from './NamesDialog'
import { TicketBody } from './TicketBody'
import styles from './tickets.module.css'

// only where something came back
const GivenBack = lazy(() => import('../pay/GivenBack'))

export default function TicketPage({ uuid }: { uuid: string }) {
  const t = useText()
  const session = useSession()
  // without a connection what was seen before is shown, to who has not signed out
  const mayAsk = useReach() !== 'there' || session.is === 'in'
  const { data, error, refetch } = useQuery({ ...ticketQuery(uuid), enabled: mayAsk })
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
      {!mayAsk && !data && (
        <NeedsSession>
          <FindLink />
        </NeedsSession>
      )}
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {mayAsk && !data && !error && <Skeletons count={2} />}
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
      {ticket.reembolso && (
        <Suspense fallback={null}>
          <GivenBack ticket={ticket} />
        </Suspense>
      )}
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

/** Of one seat they are all the same. */
const hasForms = ({ trechos }: Ticket) => trechos.filter(({ estado }) => estado === 'confirmado').length > 1

interface ActionsProps {
  ticket: Ticket
  onCancel: () => void
  onNames: () => void
}

function Actions({ ticket, onCancel, onNames }: ActionsProps) {
  const t = useText()
  const language = useLanguage()
  const [form, setForm] = useState<Form>('0')
  return (
    <div className={classes('row', styles.actions)}>
      {hasForms(ticket) && (
        <label className={styles.form}>
          <span className="field-label">{t.tickets.form}</span>
          <select className="input" value={form} onChange={({ target }) => setForm(target.value as Form)}>
            {FORMS.map((one) => (
              <option key={one} value={one}>
                {t.tickets.forms[one]}
              </option>
            ))}
          </select>
        </label>
      )}
      <a className="button primary" href={pdfOf(ticket.uuid, language, form)} download>
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
