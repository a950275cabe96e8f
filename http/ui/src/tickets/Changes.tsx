// What companies have changed of a ticket's flights since it was bought, and what the passenger may do about it.

import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'

import { answer, client } from '../api/client'
import { queries, ticket as ticketQuery, tickets } from '../api/queries'
import { isRefusal } from '../api/refusal'
import type { FlightChange, Ticket, TicketSeat } from '../api/schema'
import { owedWays } from '../exchange/owed'
import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Failure } from '../parts/Failure'
import { Notice } from '../parts/Notice'
import { seatName } from '../seats/grid'
import { type ChangedFlight, changedFlights } from './changed'
import styles from './tickets.module.css'

interface Props {
  ticket: Ticket
  /** To the way by which seats are given back; without it there is only to look. */
  onRefund?: () => void
}

export function Changes({ ticket, onRefund }: Props) {
  const t = useText()
  const flights = changedFlights(ticket)
  if (flights.length === 0) return null
  return (
    <section className="stack tight" aria-label={t.changes.title}>
      {flights.map((flight) => (
        <Notice key={flight.name} tone={flight.isSettled ? 'info' : 'warning'}>
          <OneFlight flight={flight} />
        </Notice>
      ))}
      {onRefund && <Choices ticket={ticket} onRefund={onRefund} />}
    </section>
  )
}

/** Accept, fly with others, or have it all back. */
function Choices({ ticket, onRefund }: Required<Props>) {
  const t = useText()
  const params = { path: { uuid: ticket.uuid } }
  const accept = useMutation({
    mutationFn: () =>
      answer(client.POST('/passagens/{uuid}/aceite', { params, body: { alteracoes: ticket.alteracoes } })),
    onSuccess: (accepted) => {
      queries.setQueryData(ticketQuery(ticket.uuid).queryKey, accepted)
      void queries.invalidateQueries({ queryKey: tickets.queryKey })
    },
    // it has changed again: what is shown next is what can be agreed to
    onError: () => void queries.invalidateQueries({ queryKey: ticketQuery(ticket.uuid).queryKey }),
  })
  const rights = ticket.trechos.flatMap(({ direitos }) => direitos ?? [])
  const mayAccept = rights.some(({ aceitar }) => aceitar)
  const mayRefund = rights.some(({ reembolso_integral }) => reembolso_integral)
  const ways = owedWays(ticket)
  const why = rights.find(({ motivo }) => motivo !== undefined)?.motivo
  if (!mayAccept && !mayRefund && ways.length === 0) return null
  return (
    <div className={classes('card', styles.choices)}>
      <h2>{t.changes.choose}</h2>
      {why && <p className="quiet-text">{t.changes.why[why]}</p>}
      <ul className="stack tight">
        {mayAccept && (
          <Option hint={t.changes.acceptHint}>
            <Button kind="primary" onPress={() => accept.mutate()} isWaiting={accept.isPending}>
              {t.changes.accept}
            </Button>
          </Option>
        )}
        {ways.map(({ seats }, i) => (
          <Option key={seats[0]?.id_assento} hint={t.changes.otherHint}>
            <a className="button" href={`#/remarcar/${ticket.uuid}?via=${i}`}>
              {ways.length === 1
                ? t.changes.other
                : t.changes.otherOf(seats[0]?.origem ?? '', seats.at(-1)?.destino ?? '')}
            </a>
          </Option>
        ))}
        {mayRefund && (
          <Option hint={t.changes.refundHint}>
            <Button onPress={onRefund}>{t.changes.refund}</Button>
          </Option>
        )}
      </ul>
      {accept.error && !isRefusal(accept.error, 'ticket-changed') && <Failure error={accept.error} />}
    </div>
  )
}

function Option({ hint, children }: { hint: string; children: ReactNode }) {
  return (
    <li className={styles.option}>
      {children}
      <span className="quiet-text">{hint}</span>
    </li>
  )
}

function OneFlight({ flight: { seats, isSettled } }: { flight: ChangedFlight }) {
  const t = useText()
  const formats = useFormats()
  const [first] = seats
  if (!first) return null
  const when = (instant: string) => `${formats.day(instant)}, ${formats.time(instant)}`
  const { alteracao: change, voo: name } = first
  const isMoved = change.partida !== first.partida || change.chegada !== first.chegada
  return (
    <>
      <p>
        <b>
          {change.cancelado_pela_companhia
            ? t.changes.withdrawn(name, formats.day(first.partida))
            : isMoved
              ? t.changes.moved(name, when(first.partida), when(change.partida))
              : t.changes.aircraft(name, formats.day(first.partida))}
        </b>{' '}
        {isMoved && !change.cancelado_pela_companhia && t.changes.arrives(when(change.chegada))}
      </p>
      {!change.cancelado_pela_companhia &&
        seats.map((seat) => <SeatNow key={seat.id_assento} seat={seat} change={seat.alteracao} />)}
      {seats.some(({ direitos }) => direitos?.perde_conexao) && <p>{t.changes.missesNext}</p>}
      {isSettled && change.aceita && <p>{t.changes.accepted}</p>}
    </>
  )
}

/** Only where it is another one than was sold. */
function SeatNow({ seat, change: { assento } }: { seat: TicketSeat; change: FlightChange }) {
  const t = useText()
  const who = seat.passageiro?.nome
  if (assento?.id_assento === seat.id_assento) return null
  return (
    <p>
      {who && `${who}: `}
      {assento ? t.changes.seat(seatName(seat), assento.rotulo ?? String(assento.numero)) : t.changes.unseated}
    </p>
  )
}
