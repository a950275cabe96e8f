// What a search found for one journey: days around it, itineraries, who is missing, or why there is nothing.

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { Label, Radio, RadioGroup } from 'react-aria-components'

import { useAirlines } from '../api/airlines'
import { go } from '../app/route'
import { itineraries } from '../api/queries'
import { isRefusal, type Refusal } from '../api/refusal'
import { isOwed } from '../exchange/owed'
import type { Itinerary, SearchResult } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { Blank } from '../parts/Blank'
import { Button } from '../parts/Button'
import { Failure } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import { Skeletons } from '../parts/Skeleton'
import { Days } from './Days'
import { currencyOf, keyOf, marksOf } from './itinerary'
import { ItineraryCard } from './ItineraryCard'
import { SoldOut } from './SoldOut'
import { addressOf, countOf, journeyOf, SORTS, wireOf, withJourney, type Search, type Sort, type Way } from './query'
import styles from './search.module.css'

const FilterSheet = lazy(() => import('./FilterSheet'))
const Filters = lazy(() => import('./Filters'))
const Nothing = lazy(() => import('./Nothing'))

interface Props {
  search: Search
  way: Way
  /** Filters stand beside the list, not in a dialog of their own. */
  isOpen: boolean
  shown?: Itinerary | undefined
  onShow?: (itinerary: Itinerary | undefined) => void
  picked?: Itinerary | undefined
  /** How an itinerary is taken. */
  action: (itinerary: Itinerary) => ReactNode
  /** Where an itinerary goes, shown with its legs. */
  map?: (itinerary: Itinerary) => ReactNode
  /** What stands above the list, where there are two. */
  title?: ReactNode
  /** What stands beside it, under the filters. */
  aside?: ReactNode
}

export function Results(props: Props) {
  const { search, way, isOpen, shown, onShow, picked, action, title, aside, map } = props
  const t = useText()
  const result = useInfiniteQuery({ ...itineraries(wireOf(search, way)), placeholderData: keepPreviousData })
  const { data, error, isPlaceholderData } = result
  const pages = data?.pages ?? []
  const [first] = pages
  const { owed } = search
  const list = pages.flatMap(({ rotas }) => rotas).filter((one) => !owed || isOwed(one, owed))
  const total = owed && !result.hasNextPage ? list.length : (first?.total ?? 0)
  const [best] = list
  useEffect(() => onShow?.(best), [best, onShow])

  if (isRefusal(error, 'unknown-place', 'ambiguous-place')) {
    return <UnknownPlace search={search} way={way} refusal={error} />
  }
  const failure = error && <Failure error={error} onRetry={() => void result.refetch()} />
  const hasFilters = countOf(journeyOf(search, way).wishes) > 0
  const isWorthFiltering = first !== undefined && (total > 0 || hasFilters)
  const airlines = [
    ...new Map(result.data?.pages.flatMap(({ companhias }) => companhias).map((one) => [one.company, one])).values(),
  ]
  const marks = marksOf(list, first !== undefined && list.length >= total, search.ordem)
  return (
    <div className={styles.journey} data-open={isOpen || undefined}>
      {isOpen && (
        <aside className={styles.side} aria-label={t.search.filters}>
          {isWorthFiltering && (
            <Suspense fallback={<div className={styles.filtersComing} />}>
              <Filters
                search={search}
                way={way}
                choices={first.escolhas}
                currency={owed ? undefined : currencyOf(first)}
              />
            </Suspense>
          )}
          {aside}
        </aside>
      )}
      <section
        className={styles.results}
        aria-busy={isPlaceholderData}
        aria-label={title ? t.search.ways[way] : undefined}
      >
        {title}
        <Days search={search} way={way} />
        {failure}
        {error && hasFilters && (
          // of a link, for a company that is here no more
          <a className="button" href={addressOf(withJourney(search, way, { wishes: {} }))}>
            {t.search.clear}
          </a>
        )}
        {!first && !error && <Skeletons count={4} />}
        {first && (
          <>
            {isWorthFiltering && (
              <div className={styles.resultsHead}>
                <h2>
                  <span role="status">{t.search.results(total)}</span>
                </h2>
                {!isOpen && <FilterButton search={search} way={way} result={first} />}
                {total > 1 && <SortChoice search={search} />}
              </div>
            )}
            <Missing result={first} />
            {!first.completa && <Notice tone="warning">{t.search.incomplete}</Notice>}
            {list.length === 0 && (
              <Suspense fallback={<Skeletons count={1} />}>
                <Nothing search={search} way={way} result={first} />
              </Suspense>
            )}
            <ol className={styles.cards}>
              {list.map((itinerary) => (
                <ItineraryCard
                  key={keyOf(itinerary)}
                  itinerary={itinerary}
                  passengers={first.passageiros}
                  airlines={airlines}
                  marks={(marks.get(keyOf(itinerary)) ?? []).filter((mark) => !owed || mark !== 'cheapest')}
                  isFree={owed !== undefined}
                  map={map}
                  isShown={shown !== undefined && keyOf(shown) === keyOf(itinerary)}
                  isPicked={picked !== undefined && keyOf(picked) === keyOf(itinerary)}
                  {...(onShow && { onShow })}
                >
                  {action(itinerary)}
                </ItineraryCard>
              ))}
            </ol>
            {!owed && <SoldOut flights={first.esgotados} passengers={first.passageiros} />}
            <div className={styles.resultsFoot}>
              {result.hasNextPage && (
                <Button onPress={() => void result.fetchNextPage()} isWaiting={result.isFetchingNextPage}>
                  {t.search.more}
                </Button>
              )}
              {list.length > 0 && !result.hasNextPage && <WidthChoice search={search} way={way} />}
            </div>
          </>
        )}
      </section>
    </div>
  )
}

function SortChoice({ search }: { search: Search }) {
  const t = useText()
  const sort = (ordem: string) => go(addressOf({ ...search, ordem: ordem as Sort }))
  return (
    <RadioGroup className={`segmented ${styles.sorts}`} value={search.ordem} onChange={sort} orientation="horizontal">
      <Label className="visually-hidden">{t.search.sort}</Label>
      {SORTS.filter((name) => !search.owed || name !== 'preco').map((name) => (
        <Radio key={name} value={name} className="segment-choice">
          {t.search.sorts[name]}
        </Radio>
      ))}
    </RadioGroup>
  )
}

function FilterButton({ search, way, result }: { search: Search; way: Way; result: SearchResult }) {
  const t = useText()
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button onPress={() => setOpen(true)}>
        <Icon name="filter" />
        {t.search.filtersOf(countOf(journeyOf(search, way).wishes))}
      </Button>
      {isOpen && (
        <Suspense fallback={null}>
          <FilterSheet search={search} way={way} result={result} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}

/** The node leaves out what is hardly better than something else; who wants to see it all may. */
function WidthChoice({ search, way }: { search: Search; way: Way }) {
  const t = useText()
  const { folga, ...wishes } = journeyOf(search, way).wishes
  const turn = () => go(addressOf(withJourney(search, way, { wishes: folga ? wishes : { ...wishes, folga: '0' } })))
  return (
    <Button kind="link" onPress={turn}>
      {folga ? t.search.lessAgain : t.search.everything}
    </Button>
  )
}

function Missing({ result }: { result: SearchResult }) {
  const t = useText()
  const nameOf = useAirlines()
  const formats = useFormats()
  const { indisponiveis } = result
  if (indisponiveis.length === 0) return null
  const names = formats.list(indisponiveis.map((code) => nameOf(code)))
  return <Notice tone="warning">{indisponiveis.length === 1 ? t.search.down(names) : t.search.downMany(names)}</Notice>
}

function UnknownPlace({ search, way, refusal }: { search: Search; way: Way; refusal: Refusal }) {
  const t = useText()
  const field = refusal.problem.campo === 'destino' ? 'destino' : 'origem'
  const asked = journeyOf(search, way)[field]
  const nearest = refusal.problem.sugestoes ?? []
  const take = (place: string) => {
    const next = withJourney(search, way, { [field]: place })
    // the way back of a round trip goes along
    const { back } = next
    const isTurned = way === 'outward' && back && back[field === 'origem' ? 'destino' : 'origem'] === asked
    go(addressOf(isTurned ? withJourney(next, 'back', { [field === 'origem' ? 'destino' : 'origem']: place }) : next))
  }
  return (
    <div role="alert">
      <Blank title={t.search.unknownPlace(asked)} {...(nearest.length > 0 && { hint: t.search.didYouMean })}>
        {nearest.map(({ iata, cidade }) => (
          <Button key={iata} onPress={() => take(iata)}>
            {cidade} ({iata})
          </Button>
        ))}
      </Blank>
    </div>
  )
}
