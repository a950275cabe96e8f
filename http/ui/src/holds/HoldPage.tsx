// A hold: what it keeps and until when, and the way to make it a trip or give it back.

import { useMutation, useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'

import { NeedsSession } from '../account/NeedsSession'
import { answer, client } from '../api/client'
import { hold as holdQuery, holds, queries } from '../api/queries'
import { isRefusal } from '../api/refusal'
import type { Hold } from '../api/schema'
import { useSession } from '../api/session'
import { Page } from '../app/Page'
import { useText } from '../i18n'
import { Blank } from '../parts/Blank'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Dialog } from '../parts/Dialog'
import { Failure } from '../parts/Failure'
import { Notice } from '../parts/Notice'
import { Skeletons } from '../parts/Skeleton'
import { StepBar } from '../parts/StepBar'
import { usePayment } from '../pay/asking'
import { isPaying, stepOf, type Told } from '../pay/payment'
import { setHold, useChoice } from '../seats/choice'
import { useConfirm, type Confirm } from './confirm'
import { clockOf, useSecondsLeft } from './countdown'
import { HeldTrip } from './HeldTrip'
import { Outcome } from './Outcome'
import { useSlow } from './slow'
import styles from './holds.module.css'

// where nothing is paid, none of it is loaded
const PayStep = lazy(() => import('../pay/PayStep'))
const PaidOver = lazy(async () => ({ default: (await import('../pay/GivenBack')).PaidOver }))
const Sentence = lazy(async () => ({ default: (await import('../pay/GivenBack')).Sentence }))
const SoldElsewhere = lazy(async () => ({ default: (await import('../pay/GivenBack')).SoldElsewhere }))

/** It may be extended, released or confirmed elsewhere. */
const ASK_AGAIN_MS = 10_000

export default function HoldPage({ uuid }: { uuid: string }) {
  const t = useText()
  const session = useSession()
  const { data, dataUpdatedAt, error, refetch } = useQuery({
    ...holdQuery(uuid),
    enabled: session.is === 'in',
    refetchInterval: ASK_AGAIN_MS,
  })
  const title = data && data.estado !== 'retida' ? t.hold.ended : t.hold.title
  if (session.is !== 'in' && !data) {
    return (
      <Page title={title}>
        <NeedsSession />
      </Page>
    )
  }
  if (!data && isRefusal(error, 'unknown-hold', 'unknown-booking')) {
    return (
      <Page title={t.hold.unknown}>
        <Elsewhere />
      </Page>
    )
  }
  return (
    <Page title={title}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeletons count={2} />}
      {data && <OneHold hold={data} answeredAt={dataUpdatedAt} />}
    </Page>
  )
}

function OneHold({ hold, answeredAt }: { hold: Hold; answeredAt: number }) {
  const { uuid } = hold
  // once it was sent to be confirmed, the page stays with that until the end
  const [isSent, setSent] = useState(false)
  const [isReleased, setReleased] = useState(false)
  const confirm = useConfirm(uuid, () => setSent(true))
  const choice = useChoice()
  const isGone = hold.estado === 'cancelada' || hold.estado === 'recusada'
  useEffect(() => {
    if (isGone && choice?.hold === uuid) setHold(undefined)
  }, [isGone, choice?.hold, uuid])
  const left = useSecondsLeft(hold, answeredAt)
  const { data: payment, error: notAnswered, isFetching } = usePayment(uuid, isGone || left === 0)
  const outcome = <Outcome hold={hold} confirm={confirm} isSent={isSent} payment={payment} />

  if (isSent || hold.estado === 'confirmada') return outcome
  // one whose time is over is under way until its companies have agreed that it is
  if (isGone || (left === 0 && !confirm.isPending)) {
    return <Over isReleased={isReleased || left > 0} payment={payment} />
  }
  if (hold.estado === 'em_andamento') return outcome
  const held = <HeldTrip hold={hold} />
  const actions = (
    <Actions hold={hold} confirm={confirm} onReleased={() => setReleased(true)} isPaying={isPaying(payment)} />
  )
  // it may be that it is to be paid first
  const isAsking = payment === undefined && !notAnswered && isFetching
  const step = <ConfirmStep hold={hold} left={left} confirm={confirm} isAsking={isAsking} />
  const plain = (bar: ReactNode) => (
    <>
      <div className={styles.holdBody}>
        {held}
        {actions}
      </div>
      {bar}
    </>
  )
  if (!payment || stepOf(payment) === 'none') return plain(step)
  return (
    <Suspense fallback={plain(<StepBar total={hold.preco} time={<Timer left={left} />} />)}>
      <PayStep
        hold={hold}
        payment={payment}
        held={held}
        actions={actions}
        time={<Timer left={left} />}
        confirm={step}
        className={styles.holdBody}
      />
    </Suspense>
  )
}

interface ConfirmProps {
  hold: Hold
  left: number
  confirm: Confirm
  /** Whether it is to be paid first is being asked. */
  isAsking: boolean
}

function ConfirmStep({ hold, left, confirm, isAsking }: ConfirmProps) {
  const t = useText()
  const isSlow = useSlow(confirm.isPending)
  return (
    <StepBar
      total={hold.preco}
      note={t.hold.confirmHint}
      notice={
        <>
          {confirm.error && <NotConfirmed error={confirm.error} />}
          {isSlow && <Notice tone="warning">{t.progress.slowNobody}</Notice>}
        </>
      }
      time={<Timer left={left} />}
    >
      <Button kind="primary" onPress={() => confirm.mutate()} isWaiting={confirm.isPending || isAsking}>
        {t.hold.confirm}
      </Button>
    </StepBar>
  )
}

function NotConfirmed({ error }: { error: Error }) {
  // what is to be paid first is said by its step
  if (isRefusal(error, 'payment-required')) return null
  const { company } = isRefusal(error, 'sold-elsewhere') ? error.problem : {}
  if (!company) return <Failure error={error} />
  return (
    <Notice tone="bad">
      <Suspense fallback={null}>
        <SoldElsewhere company={company} />
      </Suspense>
    </Notice>
  )
}

interface ActionsProps {
  hold: Hold
  confirm: Confirm
  onReleased: () => void
  /** Money would go back. */
  isPaying: boolean
}

function Actions({ hold, confirm, onReleased, isPaying }: ActionsProps) {
  const t = useText()
  const [isAsking, setAsking] = useState(false)
  const params = { path: { uuid: hold.uuid } }
  const show = (next: Hold) => queries.setQueryData(holdQuery(hold.uuid).queryKey, next)
  const again = () => {
    void queries.invalidateQueries(holds)
    return queries.invalidateQueries(holdQuery(hold.uuid))
  }
  const extend = useMutation({
    mutationFn: () => answer(client.POST('/retencoes/{uuid}/estender', { params })),
    onSuccess: show,
    onError: again,
  })
  const release = useMutation({
    mutationFn: () => answer(client.DELETE('/retencoes/{uuid}', { params })),
    onSuccess: onReleased,
    onSettled: again,
  })
  const isBusy = extend.isPending || release.isPending || confirm.isPending
  // the one that waits keeps the focus
  const waits = ({ isPending }: { isPending: boolean }) => ({ isWaiting: isPending, isDisabled: isBusy && !isPending })
  const error = extend.error ?? release.error
  return (
    <aside className={classes('card', styles.holdActions)} aria-label={t.hold.step}>
      <h2>{t.hold.step}</h2>
      <Button onPress={() => extend.mutate()} {...waits(extend)} {...(!hold.pode_estender && { isDisabled: true })}>
        {t.hold.extend}
      </Button>
      {!hold.pode_estender && <p className="hint">{t.hold.atLimit}</p>}
      {extend.isSuccess && !error && <Notice tone="good">{t.hold.extended}</Notice>}
      <Button kind="danger" onPress={() => setAsking(true)} {...waits(release)}>
        {t.hold.release}
      </Button>
      {error && <Failure error={error} />}
      <Dialog title={t.hold.releaseAsk} isOpen={isAsking} onClose={() => setAsking(false)}>
        <p>
          {isPaying ? (
            <Suspense fallback={null}>
              <Sentence of="releaseHint" />
            </Suspense>
          ) : (
            t.hold.releaseHint
          )}
        </p>
        <div className="row">
          <Button
            kind="danger"
            onPress={() => {
              setAsking(false)
              release.mutate()
            }}
          >
            {t.hold.releaseDo}
          </Button>
          <Button onPress={() => setAsking(false)}>{t.hold.releaseKeep}</Button>
        </div>
      </Dialog>
    </aside>
  )
}

/** Minutes at which the time left is said aloud. */
const SAID_AT: ReadonlySet<number> = new Set([10, 5, 2, 1])

function Timer({ left }: { left: number }) {
  const t = useText()
  const minutes = Math.ceil(left / 60)
  return (
    <div className={styles.timer} data-short={minutes <= 2 || undefined}>
      <span className="hint">{t.hold.timeLeft}</span>
      <span role="timer" aria-label={t.hold.timeLeft} className={styles.timerClock}>
        {clockOf(left)}
      </span>
      <span role="status" className="visually-hidden">
        {SAID_AT.has(minutes) && t.hold.minutesLeft(minutes)}
      </span>
    </div>
  )
}

/** Its time is up, or it was given back. */
function Over({ isReleased, payment }: { isReleased: boolean; payment: Told | null | undefined }) {
  const t = useText()
  const title = isReleased ? t.hold.released : t.hold.expired
  if (payment && isPaying(payment)) {
    return (
      <Suspense fallback={<Skeletons count={1} />}>
        <PaidOver payment={payment} title={title}>
          <Elsewhere />
        </PaidOver>
      </Suspense>
    )
  }
  return (
    <div role="alert">
      <Blank title={title} hint={isReleased ? t.hold.releasedHint : t.hold.expiredHint}>
        <Elsewhere />
      </Blank>
    </div>
  )
}

/** Back to the choice, if there is one still. */
function Elsewhere() {
  const t = useText()
  const choice = useChoice()
  const isOpen = choice !== undefined
  return (
    <a className="button primary" href={isOpen ? '#/assentos' : '#/'} onClick={() => isOpen && setHold(undefined)}>
      {isOpen ? t.hold.again : t.app.home}
    </a>
  )
}
