// Flights of a ticket whose place others take: struck through, with what became of them.

import type { TicketSeat } from '../api/schema'
import { useFormats } from '../i18n'
import { legsOf } from '../holds/legs'
import { LegLine } from '../parts/LegLine'
import { hasZones } from '../search/itinerary'

interface Props {
  seats: TicketSeat[]
  /** Others have taken it, or are about to. */
  isGone?: boolean
}

export function OldFlights({ seats, isGone }: Props) {
  const formats = useFormats()
  const zones = hasZones(seats)
  return (
    <ul className="stack tight">
      {legsOf(seats).map(
        ([seat]) =>
          seat && (
            <li key={`${seat.company}/${seat.id_trecho}`}>
              <small className="quiet-text">{formats.day(seat.partida)}</small>
              <ul>
                <LegLine leg={seat} zones={zones} change={seat.alteracao} {...(isGone && { isGone })} />
              </ul>
            </li>
          ),
      )}
    </ul>
  )
}
