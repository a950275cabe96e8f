// One leg on one line: when and where, with whom, and the number of the flight. What its company has changed of it since stands
// beside what was sold, which is struck through.

import type { FlightChange, Leg } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { daysBetween } from '../i18n/formats'
import { NamedCompany } from './Company'
import { Icon } from './Icon'
import styles from './trip.module.css'

interface Props {
  leg: Pick<Leg, 'company' | 'voo' | 'partida' | 'chegada' | 'origem' | 'destino' | 'origem_iata' | 'destino_iata'>
  /** Clocks along the way differ: each says its zone. */
  zones: boolean
  /** The flight as it is now. */
  change?: FlightChange | undefined
  /** It is flown by other flights, or not at all. */
  isGone?: boolean
}

export function LegLine({ leg, zones, change, isGone = change?.cancelado_pela_companhia ?? false }: Props) {
  const t = useText()
  const formats = useFormats()
  const now = isGone ? undefined : change
  return (
    <li className={styles.leg} data-gone={isGone || undefined}>
      <span className={styles.legEnds}>
        <End city={leg.origem} iata={leg.origem_iata} sold={leg.partida} now={now?.partida} {...{ zones, isGone }} />
        <Icon name="arrow" />
        <End city={leg.destino} iata={leg.destino_iata} sold={leg.chegada} now={now?.chegada} {...{ zones, isGone }} />
      </span>
      <span className={styles.legFlight}>
        <NamedCompany code={leg.company} />
        <span>
          <span className="visually-hidden">{t.search.flight} </span>
          <b>{leg.voo}</b>
          <span className="visually-hidden">, {formats.day(leg.partida)}</span>
        </span>
        {change?.cancelado_pela_companhia && (
          <span className={styles.flag} data-tone="bad">
            {t.changes.withdrawnFlag}
          </span>
        )}
      </span>
    </li>
  )
}

interface EndProps {
  city: string
  iata: string
  sold: string
  now: string | undefined
  zones: boolean
  isGone: boolean
}

function End({ city, iata, sold, now = sold, zones, isGone }: EndProps) {
  const t = useText()
  const formats = useFormats()
  const isMoved = now !== sold
  const days = daysBetween(sold, now)
  return (
    <span className={styles.end}>
      <b>
        {(isMoved || isGone) && (
          <>
            <span className="visually-hidden">{t.changes.before} </span>
            <s>
              <time dateTime={sold}>{formats.time(sold)}</time>
            </s>{' '}
          </>
        )}
        {!isGone && (
          <>
            {isMoved && <span className="visually-hidden">{t.changes.now} </span>}
            <time dateTime={now} data-new={isMoved || undefined}>
              {formats.time(now)}
            </time>{' '}
          </>
        )}
        {iata}
      </b>
      {days !== 0 && !isGone && <small data-new>{formats.day(now)}</small>}
      <small>
        {city}
        {zones && ` · ${formats.zone(now)}`}
      </small>
    </span>
  )
}
