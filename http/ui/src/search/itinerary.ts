// What an itinerary is to somebody who chooses one: the best, the cheapest, a night on the way, clocks that differ.

import type { Itinerary, Leg, Money, SearchResult } from '../api/schema'
import type { Sort } from './query'

export const keyOf = ({ trechos }: Pick<Itinerary, 'trechos'>) =>
  trechos.map(({ company, id }) => `${company}/${id}`).join(' ')

export type Mark = 'best' | 'cheapest' | 'fastest'

/** What one connection counts in percent, and what differs by less is listed by departure: as the node weighs them. */
const CONNECTION_WEIGHT = 40
const STEP = 10

/**
 * Which one is the best, the cheapest and the fastest of all. Of a list that goes on only that is known which it is sorted by.
 * What all have alike is no mark.
 */
export function marksOf(list: Itinerary[], isWhole: boolean, ordem: Sort): Map<string, Mark[]> {
  const marks = new Map<string, Mark[]>()
  if (list.length < 2) return marks
  const put = (mark: Mark, itinerary: Itinerary | undefined) => {
    if (itinerary) marks.set(keyOf(itinerary), [...(marks.get(keyOf(itinerary)) ?? []), mark])
  }
  const price = ({ preco }: Itinerary) => preco?.centavos ?? Infinity
  const time = ({ duracao_min }: Itinerary) => duracao_min
  const [cheapest, fastest] = [Math.min(...list.map(price)), Math.min(...list.map(time))]
  const weight = (one: Itinerary) => {
    const cost = Number.isFinite(price(one)) && cheapest > 0 ? price(one) / cheapest : 1
    const percent = (time(one) / fastest + cost) * 100 + one.conexoes.length * CONNECTION_WEIGHT
    return Math.round(percent / STEP)
  }
  const best = [...list].sort((one, other) => weight(one) - weight(other) || byDeparture(one, other))
  const hasOnePrice = new Set(list.map(({ preco }) => preco?.moeda)).size === 1
  if (isWhole || ordem === 'melhor') put('best', ordem === 'melhor' ? list[0] : best[0])
  if ((isWhole || ordem === 'preco') && hasOnePrice && list.some((one) => price(one) > cheapest)) {
    put(
      'cheapest',
      best.find((one) => price(one) === cheapest),
    )
  }
  if ((isWhole || ordem === 'duracao') && list.some((one) => time(one) > fastest)) {
    put(
      'fastest',
      best.find((one) => time(one) === fastest),
    )
  }
  return marks
}

const byDeparture = (one: Itinerary, other: Itinerary) => Date.parse(one.partida) - Date.parse(other.partida)

const NIGHT_ENDS_MIN = 6 * 60
/** So much of the hours from midnight to six spent waiting is a night. */
const NIGHT_MIN = 3 * 60
const DAY_MIN = 24 * 60

/** Whether who waits from here to there, by the clock of the airport, waits through a night. */
export function isOvernight(arrival: string, departure: string): boolean {
  const minutes = (instant: string) => Date.parse(`${instant.slice(0, 16)}Z`) / 60_000
  const [from, to] = [minutes(arrival), minutes(departure)]
  for (let night = Math.floor(from / DAY_MIN) * DAY_MIN; night < to; night += DAY_MIN) {
    if (Math.min(to, night + NIGHT_ENDS_MIN) - Math.max(from, night) >= NIGHT_MIN) return true
  }
  return false
}

type Ends = Pick<Leg, 'partida' | 'chegada'>

/** Whether clocks along the way differ: only then their zone is worth a word. */
export const hasZones = (legs: Ends[]): boolean =>
  new Set(legs.flatMap(({ partida, chegada }) => [partida, chegada].map((instant) => instant.slice(19)))).size > 1

/** At least this long between two journeys of one trip that begin where the first ends. */
const TURN_MIN = 60

/** Whether somebody who flies this can fly that afterwards. */
export const canFollow = (first: Pick<Itinerary, 'chegada'>, then: Pick<Itinerary, 'partida'>): boolean =>
  Date.parse(then.partida) - Date.parse(first.chegada) >= TURN_MIN * 60_000

export const companiesOf = (legs: Array<Pick<Leg, 'company'>>): string[] => [
  ...new Set(legs.map(({ company }) => company)),
]

/** The currency that prices of this search are in; none where nothing is priced in one. */
export function currencyOf({ rotas }: Pick<SearchResult, 'rotas'>): Pick<Money, 'moeda' | 'casas'> | undefined {
  const price = rotas.find(({ preco }) => preco !== null)?.preco
  return price ? { moeda: price.moeda, casas: price.casas } : undefined
}
