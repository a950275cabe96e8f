// Nothing was found: why, as far as the node tells, and what works instead.

import { parseDate, type CalendarDate } from '@internationalized/date'
import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query'

import { useAirlines } from '../api/airlines'
import { airports as airportsQuery, itineraries, itineraryCount, prices } from '../api/queries'
import type { Place, SearchResult } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { Blank } from '../parts/Blank'
import { near } from './places'
import { addressOf, countOf, firstDay, journeyOf, SEATS_MAX, wireOf, withJourney, type Search, type Way } from './query'
import { fewerOf, whyNothing, type Fewer } from './why'
import styles from './search.module.css'

/** How far around the day it is looked for one that works, and how many of those are shown. */
const DAYS = 31
const DAYS_SHOWN = 3
/** As far as can be asked at once. */
const EVER_DAYS = 60
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
  const nameOf = useAirlines()
  const formats = useFormats()
  const { passageiros, owed } = search
  const day = journeyOf(search, way).data
  const around = usePriced(search, way, day, passageiros)
  // for one, from today on: whether anybody flies there at all
  const ever = usePriced(search, way, firstDay().add({ days: EVER_DAYS / 2 }), 1, EVER_DAYS)
  const fewer = useFewer(search, way)
  const others = useOthers(search, way, result)
  // nobody returns before they leave
  const first = way === 'back' ? search.outward.data.toString() : ''
  // the nearest days, or those far from it where timetables end sooner
  const days = (around.days.length > 0 ? around.days : ever.days)
    .filter(({ data }) => data !== day.toString() && data >= first && (!owed || data <= owed.lastDay))
    .map((one) => ({ ...one, date: parseDate(one.data) }))
    .sort((one, other) => Math.abs(one.date.compare(day)) - Math.abs(other.date.compare(day)))
    .slice(0, DAYS_SHOWN)
    .sort((one, other) => one.date.compare(other.date))
  const isLooking = around.isLoading || ever.isLoading || fewer.isLoading || others.isLooking
  const works = days.length > 0 || fewer.fit > 0 || others.list.length > 0
  const down = formats.list(result.indisponiveis.map((code) => nameOf(code)))
  const why = whyNothing({ day: day.toString(), passageiros, fewer, on: [...around.days, ...ever.days] })
  return (
    <>
      <p>
        {!isLooking && t.search.whyNothing[why](passageiros, SEATS_MAX)}
        {!isLooking && works && ` ${t.search.works}`}
        {down && ` ${t.search.noneDown(down)}`}
      </p>
      <p role="status" className="hint">
        {isLooking && t.search.looking}
      </p>
      <ul className={styles.instead}>
        {fewer.fit > 0 && (
          <li>
            <a className="button" href={addressOf({ ...search, passageiros: fewer.fit })}>
              {t.search.worksFor(fewer.fit)}
            </a>
          </li>
        )}
        {days.map(({ data, date, price }) => (
          <li key={data}>
            <a className="button" href={addressOf(withJourney(search, way, { data: date }))}>
              {owed ? formats.day(data) : t.search.worksDay(formats.day(data), formats.money(price))}
            </a>
          </li>
        ))}
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

/** The days on which there is something for so many, with what it costs at least. */
function usePriced(search: Search, way: Way, middle: CalendarDate, passageiros: number, dias = DAYS) {
  const { origem, destino, max_trechos, companhias } = wireOf(search, way)
  const asked = {
    ...{ origem, destino, passageiros, dias, data: middle.toString() },
    ...(max_trechos && { max_trechos }),
    ...(companhias && { companhias }),
  }
  const { data, isLoading } = useQuery(prices(asked))
  const days = data?.dias.flatMap(({ data, precos: [price] }) => (price ? [{ data, price }] : []))
  return { days: days ?? [], isLoading }
}

/** How many could fly on that day, where not all can. */
function useFewer(search: Search, way: Way): Fewer & { isLoading: boolean } {
  const { passageiros, owed } = search
  const isAsked = passageiros > 1 && !owed
  const { max_trechos: _, ...wire } = wireOf(search, way)
  const { data, isLoading } = useInfiniteQuery({ ...itineraries({ ...wire, passageiros: 1 }), enabled: isAsked })
  const rotas = isAsked ? (data?.pages[0]?.rotas ?? []) : []
  return { ...fewerOf(rotas, passageiros, search.back ? 2 : 1), isLoading }
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
