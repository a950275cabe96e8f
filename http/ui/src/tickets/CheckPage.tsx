// What the QR code of an e-ticket leads to: whether it is genuine, and what it says.

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'

import { useAirlines } from '../api/airlines'
import { ticketCheck } from '../api/queries'
import { isRefusal } from '../api/refusal'
import type { TicketCheck } from '../api/schema'
import { Page } from '../app/Page'
import { useFormats, useText } from '../i18n'
import { classes } from '../parts/classes'
import { Company } from '../parts/Company'
import { Failure } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import { Skeletons } from '../parts/Skeleton'
import styles from './tickets.module.css'

export default function CheckPage({ code }: { code: string }) {
  const t = useText()
  const { data, error, dataUpdatedAt, errorUpdatedAt, refetch } = useQuery(ticketCheck(code))
  const isInvalid = isRefusal(error, 'ticket-code-invalid')
  return (
    <Page title={t.check.title}>
      {isInvalid && (
        <Verdict isGood={false} title={t.check.invalid} at={errorUpdatedAt}>
          {t.check.invalidHint}
        </Verdict>
      )}
      {error && !isInvalid && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeletons count={1} />}
      {data && <Genuine check={data} at={dataUpdatedAt} />}
    </Page>
  )
}

interface VerdictProps {
  isGood: boolean
  title: string
  at: number
  children: ReactNode
}

/** Seen from an arm's length: green or red, and when and by whom it was checked. */
function Verdict({ isGood, title, at, children }: VerdictProps) {
  const t = useText()
  const formats = useFormats()
  return (
    <section className={styles.verdict} data-good={isGood || undefined} role={isGood ? 'status' : 'alert'}>
      <Icon name={isGood ? 'check' : 'close'} />
      <h2>{title}</h2>
      <p>{children}</p>
      <p>
        <small>{t.check.checked(formats.clock(at), location.host)}</small>
      </p>
    </section>
  )
}

function Genuine({ check, at }: { check: TicketCheck; at: number }) {
  const t = useText()
  const nameOf = useAirlines()
  const formats = useFormats()
  return (
    <div className="stack">
      <Verdict isGood title={t.check.valid} at={at}>
        {t.check.validHint(nameOf(check.emissora))} {t.check.issued(formats.moment(check.emitido_em))}.
      </Verdict>
      <Notice tone="warning">{t.check.note}</Notice>
      <ol className="stack tight">
        {check.trechos.map((seat) => (
          <li
            key={`${seat.company} ${seat.voo} ${seat.partida} ${seat.numero}`}
            className={classes('card', styles.checked)}
          >
            <Company code={seat.company} />
            <span>
              <b>
                {seat.origem} – {seat.destino}
              </b>
              <br />
              <small>
                {seat.voo} · {formats.day(seat.partida)}, {formats.time(seat.partida)} · {t.hold.seat} {seat.numero}
              </small>
            </span>
            <span>{seat.passageiro}</span>
          </li>
        ))}
      </ol>
    </div>
  )
}
