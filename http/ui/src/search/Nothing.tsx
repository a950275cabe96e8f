// Nothing was found: why, as far as the node tells, and what works instead.

import { parseDate } from '@internationalized/date'
import { useQueries, useQuery } from '@tanstack/react-query'

import { airports as airportsQuery, itineraryCount, prices } from '../api/queries'
import type { Place, SearchResult } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { Blank } from '../parts/Blank'
import { near } from './places'
import { addressOf, countOf, journeyOf, wireOf, withJourney, type Search, type Way } from './query'
import styles from './search.module.css'

/** How far around the day it is looked for one that works, and how many of those are shown. */
const DAYS = 31
const DAYS_SHOWN = 3
/** Other airports that are tried, of the origin and of the destination each. */
const NEAR_MAX = 2

interface Props {
  search: Search
  way: Way
  result: SearchResult
}

export default function Nothing({ search, way, result }: Props) {
  const t = useText()
  const formats = useFormats()
  const { wishes, data: day } = journeyOf(search, way)
  const isFiltered = countOf(wishes) > 0
  const plain = withJourney(search, way, { wishes: {} })
  const { data: unfiltered } = useQuery({ ...itineraryCount(wireOf(plain, way)), enabled: isFiltered })
  if (isFiltered && unfiltered !== 0) {
    return (
      <Blank title={t.search.noneFiltered} hint={t.search.noneFilteredHint}>
        <a className="button primary" href={addressOf(plain)}>
          {t.search.clear}
        </a>
      </Blank>
    )
  }
  return (
    <section className={styles.nothing} aria-labelledby={`nothing-${way}`}>
      <h2 id={`nothing-${way}`}>{t.search.none(formats.day(day.toString()))}</h2>
      <Instead search={plain} way={way} result={result} />
    </section>
  )
}

function Instead({ search, way, result }: Props) {
  const t = useText()
  const formats = useFormats()
  const wire = wireOf(search, way)
  const { passageiros, owed } = search
  const { origem, destino, max_trechos } = wire
  const day = journeyOf(search, way).data
  const around = useQuery(
    prices({ origem, destino, data: day.toString(), dias: DAYS, passageiros, ...(max_trechos && { max_trechos }) }),
  )
  const fewer = useQuery({ ...itineraryCount({ ...wire, passageiros: 1 }), enabled: passageiros > 1 && !owed })
  const others = useOthers(search, way, result)
  // nobody returns before they leave
  const first = way === 'back' ? search.outward.data.toString() : ''
  const days = (around.data?.dias ?? [])
    .filter(({ data }) => data >= first && (!owed || data <= owed.lastDay))
    .flatMap(({ data, precos: [price] }) =>
      price && data !== day.toString() ? [{ data: parseDate(data), price }] : [],
    )
    .sort((one, other) => Math.abs(one.data.compare(day)) - Math.abs(other.data.compare(day)))
    .slice(0, DAYS_SHOWN)
    .sort((one, other) => one.data.compare(other.data))
  const hasFewer = !owed && passageiros > 1 && (fewer.data ?? 0) > 0
  const isLooking = around.isLoading || fewer.isLoading || others.isLooking
  const works = days.length > 0 || hasFewer || others.list.length > 0
  const down = formats.list(result.indisponiveis.map((code) => t.search.company(code)))
  return (
    <>
      <p>
        {hasFewer ? t.search.noneFor(passageiros) : works ? t.search.noneThatDay : !isLooking && t.search.noneNear}
        {down && ` ${t.search.noneDown(down)}`}
      </p>
      <p role="status" className="hint">
        {isLooking && t.search.looking}
      </p>
      <ul className={styles.instead}>
        {days.map(({ data, price }) => (
          <li key={data.toString()}>
            <a className="button" href={addressOf(withJourney(search, way, { data }))}>
              {owed
                ? formats.day(data.toString())
                : t.search.worksDay(formats.day(data.toString()), formats.money(price))}
            </a>
          </li>
        ))}
        {hasFewer && (
          <li>
            <a className="button" href={addressOf({ ...search, passageiros: 1 })}>
              {t.search.worksFor(1)}
            </a>
          </li>
        )}
        {others.list.map(({ field, place }) => (
          <li key={`${field} ${place.iata}`}>
            <a className="button" href={addressOf(withJourney(search, way, { [field]: place.iata }))}>
              {(field === 'origem' ? t.search.worksFrom : t.search.worksTo)(`${place.cidade} (${place.iata})`)}
            </a>
          </li>
        ))}
      </ul>
    </>
  )
}

interface Other {
  field: 'origem' | 'destino'
  place: Place
}

/** Airports near by between which there is a flight on that day. */
function useOthers(search: Search, way: Way, { origem, destino }: SearchResult): { list: Other[]; isLooking: boolean } {
  const { data: airports = [] } = useQuery(airportsQuery)
  const taken = [...origem, ...destino].map(({ iata }) => iata)
  const nearTo = (field: Other['field'], places: Place[]) =>
    near(
      airports,
      places.map(({ iata }) => iata),
    )
      .filter(({ iata }) => !taken.includes(iata))
      .slice(0, NEAR_MAX)
      .map((place) => ({ field, place }))
  // another place is another trip
  const tried = search.owed ? [] : [...nearTo('origem', origem), ...nearTo('destino', destino)]
  const counts = useQueries({
    queries: tried.map(({ field, place }) =>
      itineraryCount(wireOf(withJourney(search, way, { [field]: place.iata }), way)),
    ),
  })
  return {
    list: tried.filter((_, i) => (counts[i]?.data ?? 0) > 0),
    isLooking: counts.some(({ isLoading }) => isLoading),
  }
}
