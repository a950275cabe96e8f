// Cancelling in two steps: first what comes back, then, on exactly those terms, the deed.

import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Checkbox, CheckboxGroup, Label } from 'react-aria-components'

import { answer, client } from '../api/client'
import { queries, ticket as ticketQuery, tickets } from '../api/queries'
import { isRefusal } from '../api/refusal'
import type { CancellationQuote, Ticket, TicketSeat } from '../api/schema'
import { byPerson, personOf } from '../exchange/owed'
import { legsOf } from '../holds/legs'
import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Dialog } from '../parts/Dialog'
import { Failure } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import trip from '../parts/trip.module.css'
import { seatName } from '../seats/grid'
import { toCancel } from './flown'
import { leavesGap, legOf, type Which } from './which'
import styles from './tickets.module.css'

interface Props {
  ticket: Ticket
  /** What is thought of at first; the dialog is open while there is anything. */
  wanted: TicketSeat[] | undefined
  onClose: () => void
  /** Cancelled; the amount that comes back, as text. */
  onDone: (refund: string) => void
}

export function CancelDialog({ wanted, ...props }: Props) {
  const t = useText()
  return (
    <Dialog title={t.tickets.cancelTitle} isOpen={wanted !== undefined} onClose={props.onClose}>
      {wanted && <Steps {...props} first={wanted} />}
    </Dialog>
  )
}

/** Companies number their seats each for itself. */
const nameOf = ({ company, id_assento }: Pick<TicketSeat, 'company' | 'id_assento'>) => `${company}:${id_assento}`

interface StepsProps extends Omit<Props, 'wanted'> {
  first: TicketSeat[]
}

function Steps({ ticket, first, onClose, onDone }: StepsProps) {
  const t = useText()
  const formats = useFormats()
  const left = toCancel(ticket)
  const [which, setWhich] = useState<Which>({
    people: [...new Set(first.map(personOf))],
    legs: [...new Set(first.map(legOf))],
  })
  const seats = left.filter((seat) => which.people.includes(personOf(seat)) && which.legs.includes(legOf(seat)))
  const wanted = seats.map(nameOf)
  const params = { path: { uuid: ticket.uuid } }
  const quote = useMutation({
    mutationFn: () => {
      const query = { assentos: wanted.join(',') }
      return answer(client.GET('/passagens/{uuid}/cancelamento', { params: { ...params, query } }))
    },
  })
  const cancel = useMutation({
    mutationFn: (codigo: string) => answer(client.POST('/passagens/{uuid}/cancelamento', { params, body: { codigo } })),
    onSuccess: ({ passagem, reembolso }) => {
      queries.setQueryData(ticketQuery(ticket.uuid).queryKey, passagem)
      void queries.invalidateQueries({ queryKey: tickets.queryKey })
      onDone(reembolso ? formats.money(reembolso) : t.search.mixedCurrencies)
    },
    onError: (error) => isRefusal(error, 'quote-changed') && quote.mutate(),
  })
  if (left.length === 0) return <p>{t.tickets.nothingToCancel}</p>
  const hasChanged = isRefusal(cancel.error, 'quote-changed')
  return (
    <div className="stack">
      {hasChanged && <Notice tone="warning">{t.tickets.quoteChanged}</Notice>}
      {quote.data ? (
        <Terms ticket={ticket} quote={quote.data} />
      ) : (
        <WhichSeats seats={left} value={which} onChange={setWhich} />
      )}
      {leavesGap(left, seats) && <Notice tone="warning">{t.tickets.gap}</Notice>}
      {quote.error && <Failure error={quote.error} />}
      {cancel.error && !hasChanged && <Failure error={cancel.error} />}
      <div className={styles.cancelFoot}>
        {quote.data && <Sum quote={quote.data} />}
        <div className="row">
          {quote.data ? (
            <Button
              kind="danger"
              onPress={() => cancel.mutate(quote.data.codigo)}
              isWaiting={cancel.isPending || quote.isPending}
            >
              {t.tickets.cancelDo}
            </Button>
          ) : (
            <Button
              kind="primary"
              onPress={() => quote.mutate()}
              isWaiting={quote.isPending}
              isDisabled={wanted.length === 0}
            >
              {t.tickets.quote}
            </Button>
          )}
          {quote.data ? (
            <Button onPress={() => quote.reset()}>{t.app.back}</Button>
          ) : (
            <Button onPress={onClose}>{t.tickets.cancelKeep}</Button>
          )}
        </div>
      </div>
    </div>
  )
}

interface WhichProps {
  seats: TicketSeat[]
  value: Which
  onChange: (which: Which) => void
}

/** Of whom, and which stretches: their seats are what is given back. */
function WhichSeats({ seats, value, onChange }: WhichProps) {
  const t = useText()
  const formats = useFormats()
  const people = [...byPerson(seats)]
  const legs = legsOf(seats)
  return (
    <>
      {people.length > 1 && (
        <Boxes label={t.tickets.cancelWho} value={value.people} onChange={(people) => onChange({ ...value, people })}>
          {people.map(([person, [seat]], i) => (
            <Box key={person} value={person}>
              {seat?.passageiro?.nome ?? t.seats.passenger(i + 1)}
            </Box>
          ))}
        </Boxes>
      )}
      <Boxes label={t.tickets.cancelWhich} value={value.legs} onChange={(legs) => onChange({ ...value, legs })}>
        {legs.map(
          ([seat]) =>
            seat && (
              <Box key={legOf(seat)} value={legOf(seat)}>
                {seat.origem} – {seat.destino}
                <br />
                <small className="quiet-text">
                  {seat.voo} · {formats.day(seat.partida)}
                  {people.length === 1 && `, ${t.hold.seat.toLowerCase()} ${seatName(seat)}`}
                </small>
              </Box>
            ),
        )}
      </Boxes>
    </>
  )
}

interface BoxesProps {
  label: string
  value: string[]
  onChange: (values: string[]) => void
  children: ReactNode
}

function Boxes({ label, children, ...props }: BoxesProps) {
  return (
    <CheckboxGroup className="stack tight" {...props}>
      <Label className="field-label">{label}</Label>
      {children}
    </CheckboxGroup>
  )
}

function Box({ value, children }: { value: string; children: ReactNode }) {
  return (
    <Checkbox value={value} className={classes(styles.checkbox)}>
      <span className={styles.box} aria-hidden="true">
        <Icon name="check" />
      </span>
      <span>{children}</span>
    </Checkbox>
  )
}

function Terms({ ticket, quote }: { ticket: Ticket; quote: CancellationQuote }) {
  const t = useText()
  const formats = useFormats()
  const seats = new Map(ticket.trechos.map((seat) => [nameOf(seat), seat]))
  return (
    <div className="stack tight" role="status">
      <ul className="stack tight">
        {quote.assentos.map((quoted) => {
          const { preco, reembolso, motivo } = quoted
          const seat = seats.get(nameOf(quoted))
          return (
            <li key={nameOf(quoted)} className={trip.sum}>
              <span>
                {seat && [seat.voo, seatName(seat), seat.passageiro?.nome].filter(Boolean).join(' · ')}
                <br />
                <small className="quiet-text">
                  {formats.money(preco)} · {t.tickets.reasons[motivo]}
                </small>
              </span>
              <span>{formats.money(reembolso)}</span>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

/** What comes back in all stays in sight beside the deed. */
function Sum({ quote }: { quote: CancellationQuote }) {
  const t = useText()
  const formats = useFormats()
  return (
    <p className={classes(trip.sum, trip.total)}>
      <span>{t.tickets.youGet}</span>
      <b>{quote.reembolso ? formats.money(quote.reembolso) : t.search.mixedCurrencies}</b>
    </p>
  )
}
