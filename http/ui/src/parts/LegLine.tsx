// One leg on one line: when and where, with whom, and the number of the flight.

import type { Leg } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { NamedCompany } from './Company'
import { Icon } from './Icon'
import styles from './trip.module.css'

interface Props {
  leg: Pick<Leg, 'company' | 'voo' | 'partida' | 'chegada' | 'origem' | 'destino' | 'origem_iata' | 'destino_iata'>
  /** Clocks along the way differ: each says its zone. */
  zones: boolean
}

export function LegLine({ leg, zones }: Props) {
  const t = useText()
  const formats = useFormats()
  return (
    <li className={styles.leg}>
      <span className={styles.legEnds}>
        <End city={leg.origem} iata={leg.origem_iata} instant={leg.partida} zones={zones} />
        <Icon name="arrow" />
        <End city={leg.destino} iata={leg.destino_iata} instant={leg.chegada} zones={zones} />
      </span>
      <span className={styles.legFlight}>
        <NamedCompany code={leg.company} />
        <span>
          <span className="visually-hidden">{t.search.flight} </span>
          <b>{leg.voo}</b>
          <span className="visually-hidden">, {formats.day(leg.partida)}</span>
        </span>
      </span>
    </li>
  )
}

interface EndProps {
  city: string
  iata: string
  instant: string
  zones: boolean
}

function End({ city, iata, instant, zones }: EndProps) {
  const formats = useFormats()
  return (
    <span className={styles.end}>
      <b>
        <time dateTime={instant}>{formats.time(instant)}</time> {iata}
      </b>
      <small>
        {city}
        {zones && ` · ${formats.zone(instant)}`}
      </small>
    </span>
  )
}
