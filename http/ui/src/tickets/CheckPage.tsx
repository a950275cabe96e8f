// What the QR code of an e-ticket leads to: whether its owner may board today, seen from an arm's length.
//
// Without a connection the signature is checked here, and the page says that this is all that was checked.

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'

import { useAirlines } from '../api/airlines'
import { serverNow } from '../api/clock'
import { airports, keys, ticketCheck } from '../api/queries'
import { isRefusal } from '../api/refusal'
import type { CheckedSeat, TicketCheck } from '../api/schema'
import { Page } from '../app/Page'
import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Company } from '../parts/Company'
import { Failure } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import { Skeletons } from '../parts/Skeleton'
import { opened } from './code'
import { standingOf, verdictOf, type Standing } from './verdict'
import styles from './tickets.module.css'

export default function CheckPage({ code }: { code: string }) {
  const t = useText()
  const asked = useQuery(ticketCheck(code))
  const isSilent = isRefusal(asked.error, 'unreachable')
  const alone = useSignature(code, isSilent)
  const isInvalid = isRefusal(asked.error, 'ticket-code-invalid') || (isSilent && alone.data?.check === false)
  // an answer of before the connection was lost is old news at a gate
  const data = asked.error ? undefined : asked.data
  const check = data ?? (isSilent ? alone.data?.check : undefined)
  const at = data ? asked.dataUpdatedAt : asked.errorUpdatedAt
  const again = () => void asked.refetch()
  return (
    <Page title={t.check.title}>
      {isInvalid && (
        <Verdict tone="bad" title={t.check.invalid} at={at} by={isSilent ? undefined : location.host}>
          {t.check.invalidHint}
        </Verdict>
      )}
      {asked.error && !isSilent && !isInvalid && <Failure error={asked.error} onRetry={again} />}
      {isSilent && (alone.error || (alone.data && alone.data.check === undefined)) && (
        <Verdict tone="warning" title={t.check.unknown} at={at}>
          {t.check.unknownHint}
        </Verdict>
      )}
      {!check && !isInvalid && (asked.isPending || (isSilent && alone.isPending)) && <Skeletons count={1} />}
      {check && <Checked check={check} at={at} />}
      <p>
        <Button onPress={again} isWaiting={asked.isFetching}>
          {t.check.again}
        </Button>
      </p>
    </Page>
  )
}

/** What the signature alone says, where nobody answers: by the keys that were kept. */
function useSignature(code: string, isWanted: boolean) {
  const known = useQuery({ ...keys, enabled: isWanted })
  const places = useQuery({ ...airports, enabled: isWanted })
  const isReady = known.data !== undefined && !places.isPending
  const check = useQuery({
    queryKey: ['signature', code, known.data, places.data],
    queryFn: async () => ({ check: known.data && (await opened(code, known.data, places.data ?? [])) }),
    enabled: isWanted && isReady,
    networkMode: 'always',
    staleTime: Infinity,
  })
  return { ...check, error: known.error ?? check.error, isPending: !known.error && check.isPending }
}

type Tone = 'good' | 'bad' | 'warning'

const TONES: Record<Standing, Tone> = {
  good: 'good',
  cancelled: 'bad',
  exchanged: 'bad',
  changed: 'bad',
  flown: 'bad',
  otherDay: 'bad',
  signature: 'warning',
}

interface VerdictProps {
  tone: Tone
  title: string
  at: number
  /** Who was asked; nobody if absent. */
  by?: string | undefined
  children: ReactNode
}

/** Green, red, or neither; and when and with whom it was checked. */
function Verdict({ tone, title, at, by, children }: VerdictProps) {
  const t = useText()
  const formats = useFormats()
  return (
    <section className={styles.verdict} data-tone={tone} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon name={tone === 'good' ? 'check' : tone === 'bad' ? 'close' : 'warning'} />
      <h2>{title}</h2>
      <p>{children}</p>
      <p>
        <small>{by ? t.check.checked(formats.clock(at), by) : t.check.checkedHere(formats.clock(at))}</small>
      </p>
    </section>
  )
}

function Checked({ check, at }: { check: TicketCheck; at: number }) {
  const t = useText()
  const nameOf = useAirlines()
  const formats = useFormats()
  const now = serverNow()
  const standing = verdictOf(check, now)
  const { consulta } = check
  return (
    <div className="stack">
      <Verdict
        tone={TONES[standing]}
        title={t.check.titles[standing]}
        at={consulta ? Date.parse(consulta.quando) : at}
        by={consulta ? nameOf(consulta.company) : undefined}
      >
        {t.check.hints[standing]} {t.check.issued(nameOf(check.emissora), formats.moment(check.emitido_em))}
      </Verdict>
      {!consulta && <Notice tone="warning">{t.check.note}</Notice>}
      <ol className="stack tight">
        {check.trechos.map((seat) => (
          <Seat key={`${seat.company} ${seat.voo} ${seat.partida} ${seat.numero}`} seat={seat} now={now} />
        ))}
      </ol>
    </div>
  )
}

function Seat({ seat, now }: { seat: CheckedSeat; now: number }) {
  const t = useText()
  const formats = useFormats()
  const standing = standingOf(seat, now)
  const { agora } = seat
  const was = seat.rotulo ?? String(seat.numero)
  const is = agora ? (agora.rotulo ?? (agora.numero === null ? t.check.noSeat : String(agora.numero))) : was
  const isMoved = agora !== null && agora.partida !== seat.partida
  const isReseated = agora !== null && agora.numero !== seat.numero
  const when = (instant: string) => `${formats.day(instant)}, ${formats.time(instant)}`
  return (
    <li className={classes('card', styles.checked)} data-tone={TONES[standing]}>
      <Company code={seat.company} />
      <span>
        <b>
          {seat.origem} – {seat.destino}
        </b>
        <br />
        {seat.voo} ·{' '}
        {isMoved ? (
          <>
            <s>{when(seat.partida)}</s> <b>{when(agora.partida)}</b>
          </>
        ) : (
          when(seat.partida)
        )}
        {' · '}
        {t.hold.seat}{' '}
        {isReseated && (
          <>
            <s>{was}</s>{' '}
          </>
        )}
        <b>{is}</b>
        <br />
        {seat.passageiro}
      </span>
      <span className={styles.standing} data-tone={TONES[standing]}>
        {agora?.cancelado_pela_companhia ? t.check.withdrawn : t.check.standings[standing]}
      </span>
    </li>
  )
}
