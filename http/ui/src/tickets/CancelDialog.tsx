// Cancelling in two steps: first what comes back, then, on exactly those terms, the deed.

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Checkbox, CheckboxGroup, Label } from 'react-aria-components'

import { answer, client } from '../api/client'
import { queries, ticket as ticketQuery, tickets } from '../api/queries'
import { isRefusal } from '../api/refusal'
import type { CancellationQuote, Ticket, TicketSeat } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Dialog } from '../parts/Dialog'
import { Failure } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import trip from '../parts/trip.module.css'
import { seatName } from '../seats/grid'
import styles from './tickets.module.css'

interface Props {
  ticket: Ticket
  isOpen: boolean
  onClose: () => void
  /** Cancelled; the amount that comes back, as text. */
  onDone: (refund: string) => void
}

export function CancelDialog({ isOpen, ...props }: Props) {
  const t = useText()
  return (
    <Dialog title={t.tickets.cancelTitle} isOpen={isOpen} onClose={props.onClose}>
      {isOpen && <Steps {...props} />}
    </Dialog>
  )
}

/** Companies number their seats each for itself. */
const nameOf = ({ company, id_assento }: Pick<TicketSeat, 'company' | 'id_assento'>) => `${company}:${id_assento}`

function Steps({ ticket, onClose, onDone }: Omit<Props, 'isOpen'>) {
  const t = useText()
  const formats = useFormats()
  const left = ticket.trechos.filter(({ estado }) => estado === 'confirmado')
  const [wanted, setWanted] = useState(left.map(nameOf))
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
        <Which seats={left} value={wanted} onChange={setWanted} />
      )}
      {quote.error && <Failure error={quote.error} />}
      {cancel.error && !hasChanged && <Failure error={cancel.error} />}
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
        <Button onPress={onClose}>{t.tickets.cancelKeep}</Button>
      </div>
    </div>
  )
}

interface WhichProps {
  seats: TicketSeat[]
  value: string[]
  onChange: (ids: string[]) => void
}

function Which({ seats, value, onChange }: WhichProps) {
  const t = useText()
  return (
    <CheckboxGroup className="stack tight" value={value} onChange={onChange}>
      <Label className="field-label">{t.tickets.cancelWhich}</Label>
      {seats.map((seat) => (
        <Checkbox key={nameOf(seat)} value={nameOf(seat)} className={classes(styles.checkbox)}>
          <span className={styles.box} aria-hidden="true">
            <Icon name="check" />
          </span>
          <span>
            {seat.voo} {seat.origem_iata} – {seat.destino_iata}, {seatName(seat)}
            {seat.passageiro && ` · ${seat.passageiro.nome}`}
          </span>
        </Checkbox>
      ))}
    </CheckboxGroup>
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
                {seat && `${seat.voo}, ${seatName(seat)}`}
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
      <p className={classes(trip.sum, trip.total)}>
        <span>{t.tickets.youGet}</span>
        <b>{quote.reembolso ? formats.money(quote.reembolso) : t.search.mixedCurrencies}</b>
      </p>
    </div>
  )
}
