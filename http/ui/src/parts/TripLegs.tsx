// The legs of a trip by journey: outward and return have a heading each.

import { Fragment, type ReactNode } from 'react'

import { boundsOf, legsOf } from '../holds/legs'
import type { HeldSeat, TicketSeat } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { hasZones } from '../search/itinerary'
import { LegLine } from './LegLine'
import trip from './trip.module.css'

/** A seat of a hold, or of a ticket, whose flight may have changed. */
type Seat = HeldSeat & Pick<TicketSeat, 'alteracao'>

interface Props<T extends Seat> {
  seats: T[]
  /** Who sits where. */
  sitter: (seat: T) => ReactNode
}

export function TripLegs<T extends Seat>({ seats, sitter }: Props<T>) {
  const t = useText()
  const bounds = boundsOf(legsOf(seats))
  const zones = hasZones(seats)
  return bounds.map((legs, i) => (
    <section key={legs[0]?.[0]?.partida} className="stack tight">
      {bounds.length > 1 && <h2>{t.tickets.bounds(i + 1, bounds.length)}</h2>}
      <ol className="stack">
        {legs.map((seats) => (
          <TripLeg key={`${seats[0]?.company}/${seats[0]?.id_trecho}`} seats={seats} zones={zones} sitter={sitter} />
        ))}
      </ol>
    </section>
  ))
}

function TripLeg<T extends Seat>({ seats, zones, sitter }: Props<T> & { zones: boolean }) {
  const formats = useFormats()
  const [first] = seats
  if (!first) return null
  return (
    <li className={trip.heldLeg}>
      <p className="quiet-text">{formats.day(first.partida)}</p>
      <ul>
        <LegLine leg={first} zones={zones} change={first.alteracao} />
      </ul>
      <ul className={trip.sitters}>
        {seats.map((seat) => (
          <Fragment key={seat.id_assento}>{sitter(seat)}</Fragment>
        ))}
      </ul>
    </li>
  )
}
