// The days around the one that is asked for, each with its lowest price: one press leads there.

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useLayoutEffect, useRef } from 'react'

import { parseDate } from '@internationalized/date'
import { prices } from '../api/queries'
import type { PriceCalendar } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { addressOf, journeyOf, wireOf, withJourney, type Search, type Way } from './query'
import { Icon } from '../parts/Icon'
import styles from './search.module.css'

/** So many fit on a desk, with the one that is asked for in the middle. */
const DAYS = 9

function useDays(search: Search, way: Way): PriceCalendar['dias'] | undefined {
  const { origem, destino, data = '', passageiros, max_trechos, companhias } = wireOf(search, way)
  const { owed } = search
  const query = {
    origem,
    destino,
    data,
    dias: DAYS,
    ...(passageiros && { passageiros }),
    ...(max_trechos && { max_trechos }),
  }
  const asked = prices({ ...query, ...(companhias && { companhias }) })
  const { data: all } = useQuery({ ...asked, placeholderData: keepPreviousData })
  // after a week only flights of those who changed something are owed
  const late = prices({ ...query, companhias: owed?.companies.join() ?? '' })
  const { data: later } = useQuery({ ...late, placeholderData: keepPreviousData, enabled: owed !== undefined })
  if (!owed) return all?.dias
  return later && all?.dias.map((day, i) => (day.data > owed.lastDay ? (later.dias[i] ?? day) : day))
}

export function Days({ search, way }: { search: Search; way: Way }) {
  const t = useText()
  const formats = useFormats()
  const day = journeyOf(search, way).data.toString()
  const { owed } = search
  const all = useDays(search, way)
  const row = useRef<HTMLOListElement>(null)
  // nobody returns before they leave
  const first = way === 'back' ? search.outward.data.toString() : ''
  const days = (all ?? []).filter((one) => one.data >= first)
  const isHere = days.some((one) => one.data === day)
  useLayoutEffect(() => {
    const chosen = row.current?.querySelector<HTMLElement>('[aria-current]')
    if (!row.current || !chosen) return
    row.current.scrollLeft = chosen.offsetLeft - (row.current.clientWidth - chosen.offsetWidth) / 2
  }, [day, isHere])
  if (!isHere) return <div className={styles.daysComing} />
  const costs = days.flatMap(({ precos: [price] }) => (price ? [price.centavos] : []))
  const lowest = !owed && new Set(costs).size > 1 ? Math.min(...costs) : undefined
  return (
    <nav aria-label={owed ? t.search.daysOwed : `${t.search.days}, ${t.search.ways[way]}`}>
      <ol ref={row} className={styles.days}>
        {days.map(({ data: one, precos: [price] }) => (
          <li key={one}>
            <a
              className={styles.day}
              href={addressOf(withJourney(search, way, { data: parseDate(one) }))}
              aria-current={one === day ? 'date' : undefined}
              data-lowest={(price && price.centavos === lowest) || undefined}
            >
              <span>{formats.shortDay(one)}</span>
              <b>{!price ? '–' : owed ? <Icon name="check" /> : formats.roundMoney(price)}</b>
              {price && owed && <span className="visually-hidden">{t.search.someFlight}</span>}
              {!price && <span className="visually-hidden">{t.search.noFlight}</span>}
              {price && price.centavos === lowest && <span className="visually-hidden">, {t.search.lowest}</span>}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  )
}
