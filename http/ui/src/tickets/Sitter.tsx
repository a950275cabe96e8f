// Who sits where on a ticket, as it was sold and as it is now; of a seat that was given back, how much came back, why and when.

import type { GivenBack, TicketSeat } from '../api/schema'
import { useFormats, useText } from '../i18n'
import trip from '../parts/trip.module.css'
import { seatName } from '../seats/grid'
import { hasLeft } from './flown'
import styles from './tickets.module.css'

export function Sitter({ seat }: { seat: TicketSeat }) {
  const t = useText()
  const { estado, alteracao, reembolso } = seat
  const isLeft = estado === 'confirmado'
  const now =
    isLeft && alteracao?.assento && alteracao.assento.id_assento !== seat.id_assento ? alteracao.assento : null
  return (
    <li data-state={estado}>
      <span className={trip.sitterSeat}>
        <span className="visually-hidden">{t.hold.seat} </span>
        {now ? (
          <b>
            <s>{seatName(seat)}</s> {now.rotulo ?? now.numero}
          </b>
        ) : (
          <b>{seatName(seat)}</b>
        )}
      </span>
      <span>{seat.passageiro?.nome}</span>
      {seat.passageiro?.documento && (
        <small className="quiet-text">
          {seat.passageiro.tipo_documento && t.people.kinds[seat.passageiro.tipo_documento]} {seat.passageiro.documento}
        </small>
      )}
      {seat.passageiro?.corrigido && <small className="quiet-text">{t.names.corrected}</small>}
      {isLeft && hasLeft(seat) && <span className={styles.badge}>{t.tickets.seatStates.realizado}</span>}
      {!isLeft && (
        <span className={styles.badge} data-state="cancelada">
          {t.tickets.seatStates.cancelado}
        </span>
      )}
      {!isLeft && reembolso && <Refund refund={reembolso} />}
    </li>
  )
}

function Refund({ refund: { valor, motivo, quando } }: { refund: GivenBack }) {
  const t = useText()
  const formats = useFormats()
  const when = formats.moment(quando)
  return (
    <small className={trip.sitterRefund}>
      {motivo === 'trocado-por-outro-voo'
        ? t.tickets.exchangedOn(when)
        : t.tickets.gaveBack(formats.money(valor), t.tickets.reasons[motivo], when)}
    </small>
  )
}
