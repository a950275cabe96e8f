// The search: what is asked, what there is, and where that is on the map.

import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'

import { useWide } from '../app/media'
import { Page } from '../app/Page'
import { go, useRoute } from '../app/route'
import { airports as airportsQuery, companies as companiesQuery } from '../api/queries'
import type { Airport } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Icon } from '../parts/Icon'
import { Skeletons } from '../parts/Skeleton'
import { textOf } from './places'
import { addressOf, searchOf, type Search } from './query'
import { RouteMap } from './RouteMap'
import { SearchForm } from './SearchForm'
import styles from './search.module.css'

/** Who comes to ask need not wait for what shows answers. */
const Found = lazy(() => import('./Found'))

const STEPS = [
  ['search', 'search'],
  ['hold', 'clock'],
  ['confirm', 'check'],
] as const

export function SearchPage() {
  const t = useText()
  const { query } = useRoute()
  const { data: airports = [] } = useQuery(airportsQuery)
  const isWide = useWide()
  const search = searchOf(query)
  const isAsked = search.outward.origem !== '' && search.outward.destino !== ''
  // on a small screen what was asked makes room for what was found
  const asked = addressOf(search)
  const [edited, setEdited] = useState<string>()
  const isFolded = isAsked && !isWide && edited !== asked
  return (
    <Page title={t.search.title} isQuiet={isFolded}>
      {isFolded ? (
        <Asked search={search} airports={airports} onChange={() => setEdited(asked)} />
      ) : (
        <SearchForm search={search} onSearch={(next) => (setEdited(undefined), go(addressOf(next)))} />
      )}
      {!isAsked && (
        <div className={styles.searchBody}>
          <Welcome airports={airports.length} />
          <RouteMap airports={airports} legs={[]} />
        </div>
      )}
      {isAsked && (
        <Suspense fallback={<Skeletons count={4} />}>
          <Found search={search} airports={airports} />
        </Suspense>
      )}
    </Page>
  )
}

interface AskedProps {
  search: Search
  airports: Airport[]
  onChange: () => void
}

function Asked({ search, airports, onChange }: AskedProps) {
  const t = useText()
  const formats = useFormats()
  const { outward, back, passageiros } = search
  const days = [outward, ...(back ? [back] : [])].map(({ data }) => formats.day(data.toString()))
  return (
    <div className={classes('card', styles.asked)}>
      <p>
        <b>
          {textOf(outward.origem, airports)} – {textOf(outward.destino, airports)}
        </b>
        <br />
        <small className="quiet-text">
          {days.join(' – ')} · <span className={styles.unbroken}>{t.search.passengersOf(passageiros)}</span>
        </small>
      </p>
      <Button onPress={onChange}>{t.search.change}</Button>
    </div>
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
