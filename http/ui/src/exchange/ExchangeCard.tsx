// What changes, before it is agreed to: the old flights, the new ones, and who sits where.

import { go } from '../app/route'
import type { Leg } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { LegLine } from '../parts/LegLine'
import trip from '../parts/trip.module.css'
import { hasZones } from '../search/itinerary'
import { chosenOf, forget, isLocked, legKey, type Choice, type Instead } from '../seats/choice'
import { labelsOf } from '../seats/grid'
import { useSeatMap } from '../seats/live'
import { OldFlights } from './OldFlights'
import styles from './exchange.module.css'

export function ExchangeCard({ choice, instead }: { choice: Choice; instead: Instead }) {
  const t = useText()
  const zones = hasZones(choice.legs)
  return (
    <aside className={classes('card', styles.what)} aria-label={t.exchange.what}>
      <h2>{t.exchange.what}</h2>
      <section className="stack tight">
        <h3>{t.exchange.before}</h3>
        <OldFlights seats={instead.seats} isGone />
      </section>
      <section className="stack tight">
        <h3>{t.exchange.now}</h3>
        <ul className={styles.new}>
          {choice.legs.map((leg) => (
            <NewLeg key={legKey(leg)} leg={leg} choice={choice} zones={zones} />
          ))}
        </ul>
      </section>
      <p className="hint">{t.exchange.seats}</p>
      {!isLocked(choice) && (
        <Button
          kind="link"
          onPress={() => {
            forget()
            go(`#/passagens/${instead.ticket}`)
          }}
        >
          {t.exchange.discard}
        </Button>
      )}
    </aside>
  )
}

function NewLeg({ leg, choice, zones }: { leg: Leg; choice: Choice; zones: boolean }) {
  const t = useText()
  const formats = useFormats()
  const { data: map } = useSeatMap(leg, true)
  const chosen = chosenOf(choice, leg)
  return (
    <li className={styles.newLeg}>
      <small className="quiet-text">{formats.day(leg.partida)}</small>
      <ul>
        <LegLine leg={leg} zones={zones} />
      </ul>
      <ul className={trip.sitters}>
        {choice.travellers.map(({ nome }, i) => {
          const seat = chosen[i]
          return (
            <li key={i}>
              <span className={trip.sitterSeat}>
                <span className="visually-hidden">{t.hold.seat} </span>
                <b>{seat === undefined ? '–' : labelsOf(map, [seat])}</b>
              </span>
              {nome || t.seats.passenger(i + 1)}
            </li>
          )
        })}
      </ul>
    </li>
  )
}
