// Non-stop flights of the day that cannot be booked for so many: what a visitor would look for, and not find.

import type { SearchResult } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { classes } from '../parts/classes'
import { NamedCompany } from '../parts/Company'
import styles from './search.module.css'

interface Props {
  flights: SearchResult['esgotados']
  passengers: number
}

export function SoldOut({ flights, passengers }: Props) {
  const t = useText()
  const formats = useFormats()
  if (flights.length === 0) return null
  return (
    <section className={styles.soldOut} aria-labelledby="sold-out">
      <h3 id="sold-out">{t.search.soldOut(passengers)}</h3>
      <ul className="stack tight">
        {flights.map(({ trecho, duracao_min }) => (
          <li key={`${trecho.company}/${trecho.id}`} className={classes('card', styles.soldOutFlight)}>
            <span>
              <b>
                <time dateTime={trecho.partida}>{formats.time(trecho.partida)}</time> {trecho.origem_iata} –{' '}
                <time dateTime={trecho.chegada}>{formats.time(trecho.chegada)}</time> {trecho.destino_iata}
              </b>{' '}
              <small>{formats.duration(duracao_min)}</small>
            </span>
            <span>
              <NamedCompany code={trecho.company} /> <b>{trecho.voo}</b>
            </span>
            <span className={styles.soldOutWord}>
              {trecho.livres === 0 ? t.search.soldOutWord : t.search.left(trecho.livres)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
