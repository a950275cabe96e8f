// The days around the one that is asked for, each with its lowest price: one press leads there.

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useLayoutEffect, useRef } from 'react'

import { parseDate } from '@internationalized/date'
import { prices } from '../api/queries'
import { useFormats, useText } from '../i18n'
import { addressOf, journeyOf, wireOf, withJourney, type Search, type Way } from './query'
import styles from './search.module.css'

/** So many fit on a desk, with the one that is asked for in the middle. */
const DAYS = 9

export function Days({ search, way }: { search: Search; way: Way }) {
  const t = useText()
  const formats = useFormats()
  const { origem, destino, data: day, passageiros, max_trechos, companhias } = wireOf(search, way)
  const query = {
    origem,
    destino,
    data: journeyOf(search, way).data.toString(),
    dias: DAYS,
    ...(passageiros && { passageiros }),
    ...(max_trechos && { max_trechos }),
    ...(companhias && { companhias }),
  }
  const { data } = useQuery({ ...prices(query), placeholderData: keepPreviousData })
  const row = useRef<HTMLOListElement>(null)
  // nobody returns before they leave
  const first = way === 'back' ? search.outward.data.toString() : ''
  const days = (data?.dias ?? []).filter((one) => one.data >= first)
  const isHere = days.some((one) => one.data === day)
  useLayoutEffect(() => {
    const chosen = row.current?.querySelector<HTMLElement>('[aria-current]')
    if (!row.current || !chosen) return
    row.current.scrollLeft = chosen.offsetLeft - (row.current.clientWidth - chosen.offsetWidth) / 2
  }, [day, isHere])
  if (!isHere) return <div className={styles.daysComing} />
  const costs = days.flatMap(({ precos: [price] }) => (price ? [price.centavos] : []))
  const lowest = new Set(costs).size > 1 ? Math.min(...costs) : undefined
  return (
    <nav aria-label={`${t.search.days}, ${t.search.ways[way]}`}>
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
              <b>{price ? formats.roundMoney(price) : '–'}</b>
              {!price && <span className="visually-hidden">{t.search.noFlight}</span>}
              {price && price.centavos === lowest && <span className="visually-hidden">, {t.search.lowest}</span>}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  )
}
