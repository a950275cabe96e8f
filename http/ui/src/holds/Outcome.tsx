// All or nothing, as it happens: what each company says, and how it ended.

import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useRef } from 'react'

import { useAirlines } from '../api/airlines'
import { queries, hold as holdQuery, holds, ticket as ticketQuery, tickets } from '../api/queries'
import type { Booking, Hold } from '../api/schema'
import { useFormats, useText, type Dictionary } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { NamedCompany } from '../parts/Company'
import { sentenceOf, whyOf } from '../parts/Failure'
import { Icon, type IconName } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import { StepBar } from '../parts/StepBar'
import { isPaying, type Told } from '../pay/payment'
import { companiesOf } from '../search/itinerary'
import { forget, setHold, useChoice } from '../seats/choice'
import { Locator } from '../tickets/Locator'
import type { Confirm } from './confirm'
import { HeldTrip } from './HeldTrip'
import { isEnd, useProgress, wordOf, type Progress, type Word } from './progress'
import { useSlow } from './slow'
import styles from './holds.module.css'

const PaidRefused = lazy(async () => ({ default: (await import('../pay/GivenBack')).PaidRefused }))
const Sentence = lazy(async () => ({ default: (await import('../pay/GivenBack')).Sentence }))

interface Props {
  hold: Hold
  confirm: Confirm
  /** Sent from this page, a moment ago. */
  isSent: boolean
  payment: Told | null | undefined
}

export function Outcome({ hold, confirm, isSent, payment }: Props) {
  const t = useText()
  const nameOf = useAirlines()
  const progress = useProgress(hold.uuid)
  const { end } = progress
  useEnd(hold, end)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    // the button that was pressed is gone
    if (isSent) heading.current?.focus()
  }, [isSent])
  const companies = companiesOf(hold.trechos)
  const words = companies.map((company) => ({ company, word: wordOf(progress, company) }))
  const isSlow = useSlow(!isOver(end))
  const paidBack = isRefused(end) && payment && isPaying(payment) ? payment : undefined
  const names = (wanted: Word[]) =>
    words.filter(({ word }) => wanted.includes(word)).map(({ company }) => nameOf(company))
  return (
    <>
      <div className={styles.holdBody}>
        <section className={classes('card', styles.outcome)} aria-live="polite">
          <h2 ref={heading} tabIndex={-1}>
            {titleOf(t, end)}
          </h2>
          <p className="lead">
            {paidBack ? (
              <Suspense fallback={null}>
                <Sentence of="kept" />
              </Suspense>
            ) : (
              hintOf(t, end, progress.isLost || confirm.error !== null, names(['pendente', 'sim']))
            )}
          </p>
          {!isOver(end) && (
            <Unsure confirm={confirm} isLost={progress.isLost} onSent={() => heading.current?.focus()} />
          )}
          {isSlow && <Slow names={names(['waiting', 'pedido', 'silencio'])} />}
          <ol className={styles.voices}>
            {words.map(({ company, word }) => (
              <Voice key={company} company={company} word={word} />
            ))}
          </ol>
          {isOver(end) && end.estado === 'confirmada' && <Issued uuid={end.uuid_passagem ?? end.uuid} />}
          {paidBack && (
            <Suspense fallback={null}>
              <PaidRefused payment={paidBack} />
            </Suspense>
          )}
          {isRefused(end) && <Refused end={end} progress={progress} />}
        </section>
        <HeldTrip hold={hold} />
      </div>
      {isOver(end) && (
        <StepBar total={end.estado === 'confirmada' ? hold.preco : undefined} note={titleOf(t, end)}>
          {end.estado === 'confirmada' ? (
            <a className="button primary" href={`#/passagens/${end.uuid_passagem ?? end.uuid}`}>
              {t.progress.see}
              <Icon name="arrow" />
            </a>
          ) : (
            <a className="button primary" href="#/assentos">
              {t.hold.again}
            </a>
          )}
        </StepBar>
      )}
    </>
  )
}

/** What the visitor will be asked for from now on. */
function Issued({ uuid }: { uuid: string }) {
  const { data } = useQuery(ticketQuery(uuid))
  return data && <Locator letters={data.localizador} />
}

/** Who keeps the visitor waiting, and that they need not. */
function Slow({ names }: { names: string[] }) {
  const t = useText()
  const formats = useFormats()
  const who = formats.list(names)
  return (
    <Notice
      tone="warning"
      action={
        <a className="button" href="#/passagens">
          {t.progress.leave}
        </a>
      }
    >
      {names.length === 0
        ? t.progress.slowNobody
        : names.length === 1
          ? t.progress.slow(who)
          : t.progress.slowMany(who)}{' '}
      {t.progress.slowHint}
    </Notice>
  )
}

const isOver = (end: Booking | undefined): end is Booking => end !== undefined && isEnd(end)

const isRefused = (end: Booking | undefined): end is Booking => isOver(end) && end.estado !== 'confirmada'

interface UnsureProps {
  confirm: Confirm
  isLost: boolean
  onSent: () => void
}

/** Whether it was begun is not known: it may be sent again, and is done once. */
function Unsure({ confirm, isLost, onSent }: UnsureProps) {
  const t = useText()
  const { error, isPending } = confirm
  if (!error && !isPending) return isLost && <Notice tone="warning">{t.app.unreachable}</Notice>
  return (
    <Notice
      tone="bad"
      action={
        <Button isWaiting={isPending} onPress={() => confirm.mutate(undefined, { onSuccess: onSent })}>
          {t.app.retry}
        </Button>
      }
    >
      {error && sentenceOf(t, error)}
    </Notice>
  )
}

/** What the choice is after the end: done, or open again; the maps show what has gone of it. */
function useEnd(hold: Hold, end: Booking | undefined) {
  const choice = useChoice()
  const isOurs = choice?.hold === hold.uuid
  useEffect(() => {
    if (!end || !isEnd(end)) return
    void queries.invalidateQueries(holdQuery(hold.uuid))
    void queries.invalidateQueries({ queryKey: tickets.queryKey })
    void queries.invalidateQueries(holds)
    if (!isOurs || !choice) return
    if (end.estado === 'confirmada') forget()
    else setHold(undefined)
  }, [choice, end, hold.uuid, isOurs])
}

function titleOf(t: Dictionary, end: Booking | undefined): string {
  if (!end) return t.progress.title
  if (end.estado === 'confirmada') return t.progress.done
  return isRefused(end) ? t.progress.refused : t.progress.title
}

function hintOf(t: Dictionary, end: Booking | undefined, isUnsure: boolean, pending: string[]): string {
  if (!end) return isUnsure ? t.progress.unknown : t.progress.hint
  if (end.estado === 'confirmada') return pending.length > 0 ? t.progress.donePending(pending) : t.progress.doneHint
  return isRefused(end) ? t.progress.kept : t.progress.unknown
}

const SIGNS: Record<Word, IconName> = {
  waiting: 'clock',
  pedido: 'clock',
  sim: 'check',
  nao: 'close',
  silencio: 'warning',
  confirmado: 'check',
  pendente: 'warning',
  liberado: 'minus',
}

function Voice({ company, word }: { company: string; word: Word }) {
  const t = useText()
  return (
    <li className={styles.voice} data-word={word}>
      <Icon name={SIGNS[word]} />
      <NamedCompany code={company} />
      <span>{t.progress.steps[word]}</span>
    </li>
  )
}

function Refused({ end, progress }: { end: Booking; progress: Progress }) {
  const t = useText()
  const nameOf = useAirlines()
  const steps = Object.values(progress.steps)
  const no = steps.find(({ passo }) => passo === 'nao')
  const silent = steps.find(({ passo }) => passo === 'silencio')
  const company = (no ?? silent)?.company
  const why = no || !silent ? (no?.motivo ?? end.motivo) : 'company-silent'
  return (
    <Notice tone="bad">
      {company && why
        ? t.progress.refusedBy(nameOf(company), whyOf(t, why))
        : why
          ? whyOf(t, why)
          : t.progress.cancelled}
    </Notice>
  )
}
