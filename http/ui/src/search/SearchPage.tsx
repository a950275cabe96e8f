// The search: what is asked, what there is, and where that is on the map.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { Page } from '../app/Page'
import { go, useRoute } from '../app/route'
import { airports as airportsQuery, companies as companiesQuery } from '../api/queries'
import type { Itinerary } from '../api/schema'
import { useText } from '../i18n'
import { Icon } from '../parts/Icon'
import { addressOf, searchOf } from './query'
import { Results } from './Results'
import { RouteMap } from './RouteMap'
import { SearchForm } from './SearchForm'
import styles from './search.module.css'

const STEPS = [
  ['search', 'search'],
  ['hold', 'clock'],
  ['confirm', 'check'],
] as const

export function SearchPage() {
  const t = useText()
  const { query } = useRoute()
  const { data: airports = [] } = useQuery(airportsQuery)
  const [shown, setShown] = useState<Itinerary>()
  const search = searchOf(query)
  const isAsked = search.origem !== '' && search.destino !== ''
  return (
    <Page title={t.search.title}>
      <SearchForm search={search} onSearch={(next) => go(addressOf(next))} />
      <div className={styles.searchBody}>
        {isAsked ? <Results search={search} onShow={setShown} shown={shown} /> : <Welcome airports={airports.length} />}
        <RouteMap airports={airports} legs={isAsked ? (shown?.trechos ?? []) : []} />
      </div>
    </Page>
  )
}

function Welcome({ airports }: { airports: number }) {
  const t = useText()
  const { data: companies } = useQuery(companiesQuery)
  return (
    <section className={styles.welcome}>
      <h2>{t.search.emptyTitle}</h2>
      <p>{t.search.emptyHint}</p>
      <ol className={styles.steps}>
        {STEPS.map(([step, icon]) => (
          <li key={step}>
            <Icon name={icon} />
            <h3>{t.search.steps[step][0]}</h3>
            <p>{t.search.steps[step][1]}</p>
          </li>
        ))}
      </ol>
      <p className={styles.facts}>
        {companies && <span>{t.search.companyCount(companies.length)}</span>}
        {airports > 0 && <span>{t.search.airportCount(airports)}</span>}
      </p>
    </section>
  )
}
