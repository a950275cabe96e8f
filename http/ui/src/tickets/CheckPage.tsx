// What the QR code of an e-ticket leads to: whether it is genuine, and what it says.

import { useQuery } from '@tanstack/react-query'

import { ticketCheck } from '../api/queries'
import { isRefusal } from '../api/refusal'
import type { TicketCheck } from '../api/schema'
import { Page } from '../app/Page'
import { useFormats, useText } from '../i18n'
import { Blank } from '../parts/Blank'
import { classes } from '../parts/classes'
import { Company } from '../parts/Company'
import { Failure } from '../parts/Failure'
import { Notice } from '../parts/Notice'
import { Skeletons } from '../parts/Skeleton'
import styles from './tickets.module.css'

export default function CheckPage({ code }: { code: string }) {
  const t = useText()
  const { data, error, refetch } = useQuery(ticketCheck(code))
  const isInvalid = isRefusal(error, 'ticket-code-invalid')
  return (
    <Page title={t.check.title}>
      {isInvalid && (
        <div role="alert">
          <Blank title={t.check.invalid} hint={t.check.invalidHint} />
        </div>
      )}
      {error && !isInvalid && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeletons count={1} />}
      {data && <Genuine check={data} />}
    </Page>
  )
}

function Genuine({ check }: { check: TicketCheck }) {
  const t = useText()
  const formats = useFormats()
  return (
    <div className="stack">
      <Notice tone="good">
        <b>{t.check.valid}</b>
        <br />
        {t.check.validHint(check.emissora)} {t.check.issued(formats.moment(check.emitido_em))}.
      </Notice>
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
      <p className="hint">{t.check.note}</p>
    </div>
  )
}
