// What a search found: itineraries, who is missing, or why there is nothing.

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { Label, Radio, RadioGroup } from 'react-aria-components'

import { go } from '../app/route'
import { itineraries } from '../api/queries'
import { isRefusal, type Refusal } from '../api/refusal'
import type { Itinerary, SearchResult } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { Blank } from '../parts/Blank'
import { Button } from '../parts/Button'
import { Failure } from '../parts/Failure'
import { Notice } from '../parts/Notice'
import { Skeletons } from '../parts/Skeleton'
import { ItineraryCard, keyOf } from './ItineraryCard'
import { addressOf, firstDay, SORTS, wireOf, type Search, type Sort } from './query'
import styles from './search.module.css'

interface Props {
  search: Search
  shown: Itinerary | undefined
  onShow: (itinerary: Itinerary | undefined) => void
}

export function Results({ search, shown, onShow }: Props) {
  const t = useText()
  const result = useQuery({ ...itineraries(wireOf(search)), placeholderData: keepPreviousData })
  const { data, error } = result
  useEffect(() => onShow(data?.rotas[0]), [data, onShow])

  if (isRefusal(error, 'unknown-place')) return <UnknownPlace search={search} refusal={error} />
  const failure = error && <Failure error={error} onRetry={() => void result.refetch()} />
  if (!data) return failure ?? <Skeletons count={4} />
  return (
    <section className={styles.results} aria-busy={result.isPlaceholderData}>
      {failure}
      <div className={styles.resultsHead}>
        <h2>
          <span role="status">{t.search.results(data.rotas.length)}</span>
        </h2>
        <SortChoice search={search} />
      </div>
      <Missing result={data} />
      {data.rotas.length === 0 && <NothingThatDay search={search} />}
      <ol className={styles.cards}>
        {data.rotas.map((itinerary) => (
          <ItineraryCard
            key={keyOf(itinerary)}
            itinerary={itinerary}
            passengers={data.passageiros}
            isShown={shown !== undefined && keyOf(shown) === keyOf(itinerary)}
            onShow={onShow}
          />
        ))}
      </ol>
    </section>
  )
}

function SortChoice({ search }: { search: Search }) {
  const t = useText()
  const sort = (ordem: string) => go(addressOf({ ...search, ordem: ordem as Sort }))
  return (
    <RadioGroup className="segmented" value={search.ordem} onChange={sort} orientation="horizontal">
      <Label className="visually-hidden">{t.search.sort}</Label>
      {SORTS.map((name) => (
        <Radio key={name} value={name} className="segment-choice">
          {t.search.sorts[name]}
        </Radio>
      ))}
    </RadioGroup>
  )
}

function Missing({ result }: { result: SearchResult }) {
  const t = useText()
  const formats = useFormats()
  const { indisponiveis } = result
  if (indisponiveis.length === 0) return null
  const names = formats.list(indisponiveis.map((code) => t.search.company(code)))
  return <Notice tone="warning">{indisponiveis.length === 1 ? t.search.down(names) : t.search.downMany(names)}</Notice>
}

function NothingThatDay({ search }: { search: Search }) {
  const t = useText()
  const shift = (days: number) => go(addressOf({ ...search, data: search.data.add({ days }) }))
  return (
    <Blank title={t.search.none} hint={t.search.noneHint}>
      <Button onPress={() => shift(-1)} isDisabled={search.data.compare(firstDay()) <= 0}>
        {t.search.previousDay}
      </Button>
      <Button onPress={() => shift(1)}>{t.search.nextDay}</Button>
    </Blank>
  )
}

function UnknownPlace({ search, refusal }: { search: Search; refusal: Refusal }) {
  const t = useText()
  const field = refusal.problem.campo === 'destino' ? 'destino' : 'origem'
  const nearest = refusal.problem.sugestoes ?? []
  return (
    <div role="alert">
      <Blank title={t.search.unknownPlace(search[field])} {...(nearest.length > 0 && { hint: t.search.didYouMean })}>
        {nearest.map(({ iata, cidade }) => (
          <Button key={iata} onPress={() => go(addressOf({ ...search, [field]: iata }))}>
            {cidade} ({iata})
          </Button>
        ))}
      </Blank>
    </div>
  )
}
