// One itinerary: when, with whom, where one changes, what it costs and how many seats are left.

import { Fragment } from 'react'

import { go } from '../app/route'
import type { Connection, Itinerary, Leg } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { daysBetween } from '../i18n/formats'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Company } from '../parts/Company'
import { Icon } from '../parts/Icon'
import { begin } from '../seats/choice'
import styles from './search.module.css'

/** Fewer seats than this stand out. */
const FEW_SEATS = 10

export const keyOf = ({ trechos }: Itinerary) => trechos.map(({ company, id }) => `${company}/${id}`).join(' ')

interface Props {
  itinerary: Itinerary
  passengers: number
  /** It is the one on the map. */
  isShown: boolean
  onShow: (itinerary: Itinerary) => void
}

export function ItineraryCard({ itinerary, passengers, isShown, onShow }: Props) {
  const t = useText()
  const choose = () => {
    begin(itinerary.trechos, passengers)
    go('#/assentos')
  }
  const show = () => onShow(itinerary)
  return (
    <li
      className={classes('card', styles.itinerary)}
      data-shown={isShown || undefined}
      onPointerEnter={show}
      onFocus={show}
    >
      <Summary itinerary={itinerary} />
      <ol className={styles.legs}>
        {itinerary.trechos.map((leg, i) => (
          <Fragment key={`${leg.company}/${leg.id}`}>
            {i > 0 && <ConnectionLine connection={itinerary.conexoes[i - 1]} />}
            <LegLine leg={leg} />
          </Fragment>
        ))}
      </ol>
      <div className={styles.itineraryBuy}>
        <Price itinerary={itinerary} passengers={passengers} />
        <p className={itinerary.livres < FEW_SEATS ? styles.few : 'quiet-text'}>{t.search.left(itinerary.livres)}</p>
        <Button kind="primary" onPress={choose}>
          {t.search.choose}
          <Icon name="arrow" />
        </Button>
      </div>
    </li>
  )
}

function Summary({ itinerary }: { itinerary: Itinerary }) {
  const t = useText()
  const formats = useFormats()
  const { partida, chegada, conexoes, duracao_min } = itinerary
  const days = daysBetween(partida, chegada)
  return (
    <div className={styles.itinerarySummary}>
      <h3>
        <time dateTime={partida}>{formats.time(partida)}</time>
        <span className={styles.to} aria-hidden="true" />
        <span className="visually-hidden"> – </span>
        <time dateTime={chegada}>{formats.time(chegada)}</time>
        {days > 0 && (
          <sup>
            <span aria-hidden="true">+{days}</span>
            <span className="visually-hidden">{t.search.nextDays(days)}</span>
          </sup>
        )}
      </h3>
      <p className="quiet-text">
        {formats.day(partida)} · {formats.duration(duracao_min)} ·{' '}
        {conexoes.length === 0 ? t.search.direct : t.search.connections(conexoes.length)}
      </p>
    </div>
  )
}

export function LegLine({
  leg,
}: {
  leg: Pick<Leg, 'company' | 'voo' | 'partida' | 'chegada' | 'origem' | 'destino' | 'origem_iata' | 'destino_iata'>
}) {
  const t = useText()
  const formats = useFormats()
  return (
    <li className={styles.leg}>
      <Company code={leg.company} />
      <span className={styles.legEnds}>
        <End city={leg.origem} iata={leg.origem_iata} instant={leg.partida} />
        <Icon name="arrow" />
        <End city={leg.destino} iata={leg.destino_iata} instant={leg.chegada} />
      </span>
      <span className={styles.legFlight}>
        <span className="visually-hidden">{t.search.flight} </span>
        {leg.voo}
        <span className="visually-hidden">, {formats.day(leg.partida)}</span>
      </span>
    </li>
  )
}

function End({ city, iata, instant }: { city: string; iata: string; instant: string }) {
  const formats = useFormats()
  return (
    <span className={styles.end}>
      <b>
        <time dateTime={instant}>{formats.time(instant)}</time> {iata}
      </b>
      <small>
        {city} · {formats.zone(instant)}
      </small>
    </span>
  )
}

function ConnectionLine({ connection }: { connection: Connection | undefined }) {
  const t = useText()
  const formats = useFormats()
  if (!connection) return null
  const { cidade, aeroporto, minutos, troca_companhia } = connection
  return (
    <li className={styles.connection}>
      {t.search.connection(`${cidade} (${aeroporto})`, formats.duration(minutos))}
      {troca_companhia && ` · ${t.search.changesCompany}`}
    </li>
  )
}

function Price({ itinerary, passengers }: { itinerary: Itinerary; passengers: number }) {
  const t = useText()
  const formats = useFormats()
  const { preco, preco_total } = itinerary
  if (!preco) return <p className={styles.price}>{t.search.mixedCurrencies}</p>
  return (
    <p className={styles.price}>
      <b>{formats.money(preco)}</b>
      {passengers > 1 && <small>{t.search.perPassenger}</small>}
      {passengers > 1 && preco_total && (
        <small>
          {formats.money(preco_total)} {t.search.forAll(passengers)}
        </small>
      )}
    </p>
  )
}
