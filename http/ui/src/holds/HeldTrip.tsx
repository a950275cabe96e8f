// What a hold keeps: each leg with its seats and who sits there, and the price.

import { useQuery } from '@tanstack/react-query'

import { seatMap } from '../api/queries'
import type { HeldSeat, Hold } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { LegLine } from '../search/ItineraryCard'
import { labelsOf } from '../seats/grid'
import { classes } from '../parts/classes'
import trip from '../parts/trip.module.css'
import { legsOf } from './legs'
import styles from './holds.module.css'

export function HeldTrip({ hold }: { hold: Hold }) {
  const t = useText()
  const formats = useFormats()
  return (
    <section className={classes('card', styles.heldTrip)}>
      <ol className="stack">
        {legsOf(hold.trechos).map((seats) => (
          <HeldLeg key={`${seats[0]?.company}/${seats[0]?.id_trecho}`} seats={seats} />
        ))}
      </ol>
      <div className={styles.sums}>
        {hold.precos.length > 1 &&
          hold.precos.map(({ company, preco }) => (
            <p key={`${company} ${preco.moeda}`} className={trip.sum}>
              <span>{t.search.company(company)}</span>
              <span>{formats.money(preco)}</span>
            </p>
          ))}
        <p className={classes(trip.sum, trip.total)}>
          <span>{t.seats.total}</span>
          <b>{hold.preco ? formats.money(hold.preco) : t.search.mixedCurrencies}</b>
        </p>
      </div>
    </section>
  )
}

function HeldLeg({ seats }: { seats: HeldSeat[] }) {
  const t = useText()
  const formats = useFormats()
  const [first] = seats
  if (!first) return null
  return (
    <li className={trip.heldLeg}>
      <p className="quiet-text">{formats.day(first.partida)}</p>
      <ul>
        <LegLine leg={first} />
      </ul>
      <ul className={trip.sitters}>
        {seats.map((seat) => (
          <li key={seat.id_assento}>
            <span className={trip.sitterSeat}>
              <span className="visually-hidden">{t.hold.seat} </span>
              <SeatName seat={seat} />
            </span>
            {seat.passageiro?.nome}
          </li>
        ))}
      </ul>
    </li>
  )
}

/** `14C`; its bare number while the map of the leg is not known. */
function SeatName({ seat }: { seat: HeldSeat }) {
  const { data: map } = useQuery(seatMap({ company: seat.company, id: seat.id_trecho }))
  return <b>{labelsOf(map, [seat.id_assento])[0] ?? seat.numero}</b>
}
