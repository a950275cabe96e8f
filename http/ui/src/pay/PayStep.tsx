// The step between a hold and its confirmation: what is to be paid and with what, how that stands, and the one next step.

import { useEffect, useRef, useState, type ReactNode, type RefObject } from 'react'
import { FieldError, Label, Radio, RadioGroup } from 'react-aria-components'

import type { Hold } from '../api/schema'
import { useFormats } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Failure } from '../parts/Failure'
import { Notice } from '../parts/Notice'
import { StepBar } from '../parts/StepBar'
import { TextInput } from '../parts/TextInput'
import trip from '../parts/trip.module.css'
import { AskAgain, Back } from './GivenBack'
import { useOpenAttempt, usePay, type Pay } from './pay'
import { ATTEMPTS_MAX, ASKS_MAX, faultOf, mayConfirm, stepOf, type Step, type Told } from './payment'
import styles from './pay.module.css'
import { usePayWords } from './words'

interface Props {
  hold: Hold
  payment: Told
  /** What is held. */
  held: ReactNode
  /** What else can be done with it. */
  actions: ReactNode
  time: ReactNode
  /** The bar, once nothing stands between. */
  confirm: ReactNode
  className: string | undefined
}

type Fault = ReturnType<typeof faultOf>

export default function PayStep({ hold, payment, held, actions, time, confirm, className }: Props) {
  const words = usePayWords()
  const open = useOpenAttempt(payment)
  const pay = usePay(payment, open)
  const [chosen, setChosen] = useState('')
  const [fault, setFault] = useState<Fault>()
  const card = useRef<HTMLElement>(null)
  const step = stepOf(payment)
  const isFirst = mayConfirm(payment)
  useReturningFocus(card, step)
  const means = open?.meio ?? chosen
  const press = () => {
    const found = open ? undefined : faultOf(means)
    setFault(found)
    if (!found) pay.mutate(means)
    else card.current?.querySelector('input')?.focus()
  }
  const choose = (next: string) => {
    setChosen(next)
    setFault(undefined)
  }
  const isUnsure = open !== undefined && !pay.isPending
  const mayPay = step === 'open' || step === 'refused'
  const button = (kind: 'primary' | 'plain') => (
    <Button kind={kind} onPress={press} isWaiting={pay.isPending || step === 'pending'}>
      {step === 'pending'
        ? words.pendingBar
        : pay.isPending
          ? words.paying
          : step === 'refused' && !isUnsure
            ? words.payAgain
            : words.pay}
    </Button>
  )
  const notice = mayPay && (
    <>
      {pay.error && <Failure error={pay.error} />}
      {isUnsure && <Notice tone="warning">{words.unsure}</Notice>}
    </>
  )
  return (
    <>
      <div className={className}>
        <div className="stack">
          {held}
          <section ref={card} className={classes('card', styles.pay)} aria-labelledby="pay-title">
            <h2 id="pay-title" tabIndex={-1}>
              {words.title}
            </h2>
            <div className={styles.pay} aria-live="polite">
              <Standing payment={payment} step={step} />
            </div>
            {mayPay && (
              <>
                <Amount payment={payment} />
                <Means
                  payment={payment}
                  value={means}
                  fault={fault}
                  isLocked={open !== undefined || pay.isPending}
                  onChange={choose}
                />
              </>
            )}
            {isFirst && (mayPay || step === 'pending') && (
              <>
                {mayPay && <p className="hint">{words.optional}</p>}
                {notice}
                <div className="row">{button('plain')}</div>
              </>
            )}
          </section>
        </div>
        {actions}
      </div>
      {isFirst ? (
        confirm
      ) : (
        <StepBar total={hold.preco} note={noteOf(words.payHint, step, pay)} notice={notice} time={time}>
          {(mayPay || step === 'pending') && button('primary')}
        </StepBar>
      )}
    </>
  )
}

/** A step that cannot be taken needs no advice on it. */
function noteOf(hint: string, step: Step, pay: Pay): string | undefined {
  return step === 'open' && !pay.isPending ? hint : undefined
}

/** Where a button was pressed that is gone, what became of the payment has the focus. */
function useReturningFocus(card: RefObject<HTMLElement | null>, step: Step): void {
  const before = useRef(step)
  useEffect(() => {
    if (before.current === step) return
    before.current = step
    if (document.activeElement === document.body) card.current?.querySelector('h2')?.focus()
  }, [card, step])
}

function Amount({ payment: { valor } }: { payment: Told }) {
  const words = usePayWords()
  const { money } = useFormats()
  if (!valor) return null
  return (
    <p className={classes(trip.sum, styles.amount)}>
      <span>{words.amount}</span>
      <b>{money(valor)}</b>
    </p>
  )
}

function Standing({ payment, step }: { payment: Told; step: Step }) {
  const words = usePayWords()
  const { money } = useFormats()
  const left = ATTEMPTS_MAX - (payment.tentativa ?? 0)
  switch (step) {
    case 'pending':
      return (
        <Notice action={<AskAgain payment={payment} />}>
          <b>{words.pending}</b>
          <br />
          {payment.asked < ASKS_MAX ? words.pendingHint : words.quiet}
        </Notice>
      )
    case 'refused':
    case 'last-refused':
      return (
        <Notice tone="bad">
          <b>{words.refused}</b>
          <br />
          {step === 'refused' ? words.refusedHint(left) : words.lastRefused(ATTEMPTS_MAX)}
        </Notice>
      )
    case 'paid':
      return (
        <>
          <Notice tone="good">
            <b>
              {words.paid}
              {payment.valor && ` · ${money(payment.valor)}`}
            </b>
            <br />
            {words.paidHint}
          </Notice>
          <Back payment={payment} />
        </>
      )
    case 'impossible':
      return <Notice tone="warning">{words.impossible}</Notice>
    default:
      return null
  }
}

interface MeansProps {
  payment: Told
  value: string
  fault: Fault
  /** A payment with it may be on its way. */
  isLocked: boolean
  onChange: (meio: string) => void
}

function Means({ payment: { meios }, value, fault, isLocked, onChange }: MeansProps) {
  const words = usePayWords()
  if (!meios || meios.length === 0) {
    return (
      <TextInput
        label={words.code}
        hint={words.codeHint}
        fault={fault && words.faults[fault]}
        value={value}
        onChange={(text) => onChange(text.trim())}
        isReadOnly={isLocked}
        autoComplete="off"
        spellCheck="false"
      />
    )
  }
  return (
    <RadioGroup
      className={classes(styles.means)}
      value={value}
      onChange={onChange}
      isReadOnly={isLocked}
      isInvalid={fault !== undefined}
    >
      <Label className="field-label">{words.means}</Label>
      <p className="hint">{words.trial}</p>
      {meios.map((meio) => (
        <Radio key={meio} value={meio} className={classes(styles.mean)}>
          <span className={styles.dot} aria-hidden="true" />
          <span>{words.outcomes[meio] ?? meio}</span>
        </Radio>
      ))}
      <FieldError className="fault">{fault && words.faults[fault]}</FieldError>
    </RadioGroup>
  )
}
