// What a hold keeps: each leg with its seats and who sits there, and the price.

import { useQuery } from '@tanstack/react-query'

import { useAirlines } from '../api/airlines'
import { seatMap } from '../api/queries'
import type { HeldSeat, Hold } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { classes } from '../parts/classes'
import { Conditions } from '../parts/Conditions'
import { NamesAway } from '../parts/NamesAway'
import { TripLegs } from '../parts/TripLegs'
import trip from '../parts/trip.module.css'
import { labelsOf } from '../seats/grid'
import styles from './holds.module.css'

export function HeldTrip({ hold }: { hold: Hold }) {
  const nameOf = useAirlines()
  const formats = useFormats()
  return (
    <section className={classes('card', styles.heldTrip)}>
      <NamesAway companies={hold.nomes_com} />
      <TripLegs seats={hold.trechos} sitter={(seat) => <Sitter seat={seat} />} />
      {hold.precos.length > 1 && (
        <div className={styles.sums}>
          {hold.precos.map(({ company, preco }) => (
            <p key={`${company} ${preco.moeda}`} className={trip.sum}>
              <span>{nameOf(company)}</span>
              <span>{formats.money(preco)}</span>
            </p>
          ))}
        </div>
      )}
      <Conditions airlines={hold.companhias} />
    </section>
  )
}

function Sitter({ seat }: { seat: HeldSeat }) {
  const t = useText()
  return (
    <li>
      <span className={trip.sitterSeat}>
        <span className="visually-hidden">{t.hold.seat} </span>
        <SeatName seat={seat} />
      </span>
      {seat.passageiro?.nome}
    </li>
  )
}

/** `14C`; its bare number while the map of the leg is not known. */
function SeatName({ seat }: { seat: HeldSeat }) {
  const { data: map } = useQuery(seatMap({ company: seat.company, id: seat.id_trecho }))
  return <b>{labelsOf(map, [seat.id_assento])[0] ?? seat.numero}</b>
}
