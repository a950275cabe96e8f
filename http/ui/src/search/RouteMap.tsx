// Where an itinerary goes, drawn from coordinates alone: no tiles, no other host.

import { memo } from 'react'

import type { Airport, Leg } from '../api/schema'
import { useText } from '../i18n'
import { classes } from '../parts/classes'
import { companyColour } from '../parts/Company'
import { OUTLINE_PATH, project, VIEW } from './brazil'
import styles from './search.module.css'

/** How far an arc rises over its chord. */
const BEND = 0.18
/** Between the middles of two labels. */
const LABEL_HEIGHT = 15
/** Where labels turn to the left of their dot, so that they stay inside. */
const RIGHT_EDGE = 0.8

interface Props {
  airports: Airport[]
  legs: Leg[]
}

export const RouteMap = memo(function RouteMap({ airports, legs }: Props) {
  const t = useText()
  const places = new Map(
    airports.flatMap(({ iata, longitude, latitude }) =>
      longitude === null || latitude === null ? [] : [[iata, project(longitude, latitude)] as const],
    ),
  )
  const stops = [...new Set(legs.flatMap((leg) => [leg.origem_iata, leg.destino_iata]))]
  const cities = [legs[0]?.origem, ...legs.map((leg) => leg.destino)].filter(Boolean).join(' – ')
  return (
    <figure className={styles.routeMap}>
      <svg
        viewBox={`0 0 ${VIEW.width} ${VIEW.height}`}
        role="img"
        aria-label={legs.length > 0 ? t.search.mapOf(cities) : t.search.mapAll(airports.length)}
      >
        <path className={styles.land} d={OUTLINE_PATH} />
        {[...places].map(([iata, [x, y]]) => (
          <circle key={iata} className={styles.airport} cx={x} cy={y} r={stops.length > 0 ? 1.6 : 2.4} />
        ))}
        {legs.map((leg) => (
          <path
            key={`${leg.company}/${leg.id}`}
            className={classes(styles.arc, companyColour(leg.company))}
            d={arc(places.get(leg.origem_iata), places.get(leg.destino_iata))}
          />
        ))}
        {labelled(stops, places).map((stop) => (
          <Stop key={stop.iata} {...stop} />
        ))}
      </svg>
      {legs.length > 0 && <figcaption>{cities}</figcaption>}
    </figure>
  )
})

type Point = [x: number, y: number]

interface LabelledStop {
  iata: string
  at: Point
  /** Where its label stands, so that those of neighbours do not lie on each other. */
  labelY: number
}

function labelled(stops: string[], places: Map<string, Point>): LabelledStop[] {
  let last = -Infinity
  return stops
    .flatMap((iata) => {
      const at = places.get(iata)
      return at ? [{ iata, at }] : []
    })
    .sort((one, other) => one.at[1] - other.at[1])
    .map((stop) => {
      last = Math.max(stop.at[1], last + LABEL_HEIGHT)
      return { ...stop, labelY: last }
    })
}

function Stop({ iata, at: [x, y], labelY }: LabelledStop) {
  const isRight = x > VIEW.width * RIGHT_EDGE
  return (
    <g className={styles.stop}>
      <circle cx={x} cy={y} r={4.5} />
      <text x={isRight ? x - 9 : x + 9} y={labelY + 4.5} textAnchor={isRight ? 'end' : 'start'}>
        {iata}
      </text>
    </g>
  )
}

function arc(from: Point | undefined, to: Point | undefined): string {
  if (!from || !to) return ''
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]]
  const middle = [(from[0] + to[0]) / 2 + dy * BEND, (from[1] + to[1]) / 2 - dx * BEND]
  return `M${from.join(' ')}Q${middle.join(' ')} ${to.join(' ')}`
}
