// What a hold keeps: each leg with its seats and who sits there, and the price.

import { useQuery } from '@tanstack/react-query'

import { seatMap } from '../api/queries'
import type { HeldSeat, Hold } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { LegLine } from '../search/ItineraryCard'
import { labelsOf } from '../seats/grid'

export function HeldTrip({ hold }: { hold: Hold }) {
  const t = useText()
  const formats = useFormats()
  return (
    <section className="card held-trip">
      <ol className="stack">
        {legsOf(hold.trechos).map((seats) => (
          <HeldLeg key={`${seats[0]?.company}/${seats[0]?.id_trecho}`} seats={seats} />
        ))}
      </ol>
      <div className="sums">
        {hold.precos.length > 1 &&
          hold.precos.map(({ company, preco }) => (
            <p key={`${company} ${preco.moeda}`} className="sum">
              <span>{t.search.company(company)}</span>
              <span>{formats.money(preco)}</span>
            </p>
          ))}
        <p className="sum total">
          <span>{t.seats.total}</span>
          <b>{hold.preco ? formats.money(hold.preco) : t.search.mixedCurrencies}</b>
        </p>
      </div>
    </section>
  )
}

/** The seats of each leg, legs in the order of departure. */
export function legsOf<T extends Pick<HeldSeat, 'company' | 'id_trecho' | 'partida'>>(seats: T[]): T[][] {
  const legs = new Map<string, T[]>()
  for (const seat of seats) {
    const key = `${seat.company}/${seat.id_trecho}`
    legs.set(key, [...(legs.get(key) ?? []), seat])
  }
  const departure = (leg: T[]) => Date.parse(leg[0]?.partida ?? '')
  return [...legs.values()].sort((one, other) => departure(one) - departure(other))
}

function HeldLeg({ seats }: { seats: HeldSeat[] }) {
  const t = useText()
  const formats = useFormats()
  const [first] = seats
  if (!first) return null
  return (
    <li className="held-leg">
      <p className="quiet-text">{formats.day(first.partida)}</p>
      <ul>
        <LegLine leg={first} />
      </ul>
      <ul className="sitters">
        {seats.map((seat) => (
          <li key={seat.id_assento}>
            <span className="sitter-seat">
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
