// One itinerary: when and where, with whom, where one changes, and what it costs.

import { Fragment, useState, type ReactNode } from 'react'

import type { Airline, Connection, Itinerary, Leg } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { daysBetween } from '../i18n/formats'
import { classes } from '../parts/classes'
import { NamedCompany } from '../parts/Company'
import { airlinesOf, Conditions } from '../parts/Conditions'
import { Icon } from '../parts/Icon'
import { LegLine } from '../parts/LegLine'
import { hasZones, isOvernight, type Mark } from './itinerary'
import styles from './search.module.css'

/** Fewer seats than this are worth a word. */
const FEW_SEATS = 10

interface Props {
  itinerary: Itinerary
  passengers: number
  /** Of whose legs it may be. */
  airlines: Airline[]
  marks: Mark[]
  /** It is the one on the map. */
  isShown?: boolean
  /** It is the one that was picked. */
  isPicked?: boolean
  /** It takes the place of another one, at no cost. */
  isFree?: boolean
  onShow?: (itinerary: Itinerary) => void
  /** Where it goes, for who looks at its legs. */
  map?: ((itinerary: Itinerary) => ReactNode) | undefined
  /** How it is taken, or why it cannot be. */
  children: ReactNode
}

export function ItineraryCard({
  itinerary,
  passengers,
  airlines,
  marks,
  isShown,
  isPicked,
  isFree,
  onShow,
  map,
  children,
}: Props) {
  const t = useText()
  const [isOpen, setOpen] = useState(false)
  const show = onShow && (() => onShow(itinerary))
  const zones = hasZones(itinerary.trechos)
  const told = airlinesOf(airlines, itinerary.trechos).filter(({ condicoes }) => condicoes !== null)
  return (
    <li
      className={classes('card', styles.itinerary)}
      data-shown={isShown || undefined}
      data-picked={isPicked || undefined}
      onPointerEnter={show}
      onFocus={show}
    >
      {marks.length > 0 && (
        <p className={styles.marks}>
          {marks.map((mark) => (
            <span key={mark} className={styles.mark} data-mark={mark}>
              {t.search.marks[mark]}
            </span>
          ))}
        </p>
      )}
      <div className={styles.itineraryWhat}>
        <Times itinerary={itinerary} zones={zones} />
        <ul className={styles.flights} aria-label={t.search.flights}>
          {itinerary.trechos.map((leg) => (
            <li key={`${leg.company}/${leg.id}`}>
              <NamedCompany code={leg.company} /> <b>{leg.voo}</b>
            </li>
          ))}
        </ul>
        {itinerary.conexoes.length > 0 && (
          <ul className={styles.changes}>
            {itinerary.conexoes.map((connection, i) => (
              <li key={connection.aeroporto}>
                <ConnectionLine
                  connection={connection}
                  before={itinerary.trechos[i]}
                  after={itinerary.trechos[i + 1]}
                />
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className={styles.itineraryBuy}>
        {isFree ? (
          <p className={styles.price} data-free>
            <b>{t.exchange.free}</b>
          </p>
        ) : (
          <Price itinerary={itinerary} passengers={passengers} />
        )}
        {itinerary.livres < FEW_SEATS && <p className={styles.few}>{t.search.left(itinerary.livres)}</p>}
        {children}
      </div>
      {(itinerary.trechos.length > 1 || map || told.length > 0) && (
        <details className={styles.details} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{t.search.legs}</summary>
          <ol className={styles.legs}>
            {itinerary.trechos.map((leg, i) => (
              <Fragment key={`${leg.company}/${leg.id}`}>
                {i > 0 && (
                  <li className={styles.wait}>
                    <ConnectionLine
                      connection={itinerary.conexoes[i - 1]}
                      before={itinerary.trechos[i - 1]}
                      after={leg}
                    />
                  </li>
                )}
                <LegLine leg={leg} zones={zones} />
              </Fragment>
            ))}
          </ol>
          {isOpen && <Conditions airlines={told} level={3} />}
          {isOpen && map?.(itinerary)}
        </details>
      )}
    </li>
  )
}

function Times({ itinerary, zones }: { itinerary: Itinerary; zones: boolean }) {
  const t = useText()
  const formats = useFormats()
  const { trechos, partida, chegada, conexoes, duracao_min } = itinerary
  const [first, last] = [trechos[0], trechos.at(-1)]
  const days = daysBetween(partida, chegada)
  return (
    <div className={styles.times}>
      <Stop instant={partida} city={first?.origem} iata={first?.origem_iata} zones={zones} />
      <p className={styles.way}>
        <span>{formats.duration(duracao_min)}</span>
        <span className={styles.wayLine} data-stops={conexoes.length} aria-hidden="true" />
        <span>{conexoes.length === 0 ? t.search.direct : t.search.connections(conexoes.length)}</span>
      </p>
      <Stop instant={chegada} city={last?.destino} iata={last?.destino_iata} zones={zones}>
        {days > 0 && (
          <sup>
            <span aria-hidden="true">+{days}</span>
            <span className="visually-hidden">{t.search.nextDays(days)}</span>
          </sup>
        )}
      </Stop>
    </div>
  )
}

interface StopProps {
  instant: string
  city: string | undefined
  iata: string | undefined
  zones: boolean
  children?: ReactNode
}

function Stop({ instant, city, iata, zones, children }: StopProps) {
  const formats = useFormats()
  return (
    <p className={styles.stop}>
      <b>
        <time dateTime={instant}>{formats.time(instant)}</time>
        {children}
      </b>
      <span>{iata}</span>
      <small>
        {city}
        {zones && ` · ${formats.zone(instant)}`}
      </small>
    </p>
  )
}

interface ConnectionProps {
  connection: Connection | undefined
  before: Leg | undefined
  after: Leg | undefined
}

function ConnectionLine({ connection, before, after }: ConnectionProps) {
  const t = useText()
  const formats = useFormats()
  if (!connection || !before || !after) return null
  const { cidade, aeroporto, minutos, troca_companhia } = connection
  return (
    <>
      {t.search.connection(`${cidade} (${aeroporto})`, formats.duration(minutos))}
      {troca_companhia && <span className={styles.flag}>{t.search.changesCompany}</span>}
      {isOvernight(before.chegada, after.partida) && (
        <span className={styles.flag} data-tone="warning">
          <Icon name="theme" />
          {t.search.overnight}
        </span>
      )}
    </>
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
