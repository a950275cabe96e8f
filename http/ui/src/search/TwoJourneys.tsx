// There and back: two searches, beside each other on a desk and one after the other on a phone; one booking of both.

import { useEffect, useRef } from 'react'

import { useWide } from '../app/media'
import { go } from '../app/route'
import type { Airport, Itinerary, Money } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import { StepBar } from '../parts/StepBar'
import { begin } from '../seats/choice'
import { canFollow, keyOf } from './itinerary'
import { fits, pick, usePicks } from './picks'
import { textOf } from './places'
import { addressOf, journeyOf, SEATS_MAX, type Search, type Way } from './query'
import { Results } from './Results'
import styles from './search.module.css'

interface Props {
  search: Search
  airports: Airport[]
}

export function TwoJourneys({ search, airports }: Props) {
  const t = useText()
  const isWide = useWide()
  const picks = usePicks(search)
  const { outward, back } = picks
  if (!fits(2, search.passageiros)) {
    return <Notice tone="warning">{t.search.tooManyPassengers(Math.floor(SEATS_MAX / 2))}</Notice>
  }
  const step: Way = search.step === 'back' && outward ? 'back' : 'outward'
  const ways: Way[] = isWide ? ['outward', 'back'] : [step]
  const take = (way: Way, itinerary: Itinerary) => {
    pick(search, way, itinerary)
    if (way === 'outward' && !isWide) go(addressOf({ ...search, step: 'back' }))
  }
  return (
    <>
      {!isWide && step === 'back' && outward && <Picked search={search} itinerary={outward} />}
      <div className={styles.two}>
        {ways.map((way) => (
          <Results
            key={way}
            search={search}
            way={way}
            isOpen={false}
            picked={picks[way]}
            title={<Title search={search} airports={airports} way={way} isCalled={!isWide && step === 'back'} />}
            action={(itinerary) => (
              <Take itinerary={itinerary} way={way} picks={picks} onTake={() => take(way, itinerary)} />
            )}
          />
        ))}
      </div>
      <Sum search={search} outward={outward} back={back} />
    </>
  )
}

function Title({ search, airports, way, isCalled }: Props & { way: Way; isCalled: boolean }) {
  const t = useText()
  const formats = useFormats()
  const heading = useRef<HTMLHeadingElement>(null)
  // what was pressed is gone with the list that it was in
  useEffect(() => {
    if (isCalled) heading.current?.focus()
  }, [isCalled])
  const { origem, destino, data } = journeyOf(search, way)
  return (
    <div className={styles.journeyTitle}>
      <h2 ref={heading} tabIndex={-1}>
        {t.search.whichWay[way]}
      </h2>
      <p className="quiet-text">
        {textOf(origem, airports)} – {textOf(destino, airports)}, {formats.day(data.toString())}
      </p>
    </div>
  )
}

interface TakeProps {
  itinerary: Itinerary
  way: Way
  picks: Partial<Record<Way, Itinerary>>
  onTake: () => void
}

function Take({ itinerary, way, picks, onTake }: TakeProps) {
  const t = useText()
  const own = picks[way]
  const isPicked = own !== undefined && keyOf(own) === keyOf(itinerary)
  const { outward } = picks
  if (way === 'back' && outward && !canFollow(outward, itinerary)) return <p className="hint">{t.search.tooEarly}</p>
  return (
    <Button kind={isPicked ? 'plain' : 'primary'} onPress={onTake} aria-pressed={isPicked}>
      {isPicked && <Icon name="check" />}
      {isPicked ? t.search.picked : t.search.pick[way]}
    </Button>
  )
}

/** The outward journey, while the return is chosen. */
function Picked({ search, itinerary }: { search: Search; itinerary: Itinerary }) {
  const t = useText()
  const formats = useFormats()
  const { trechos, partida, chegada } = itinerary
  return (
    <div className={classes('card', styles.asked)}>
      <p>
        <b>{t.search.ways.outward}</b>: {formats.time(partida)} {trechos[0]?.origem_iata} – {formats.time(chegada)}{' '}
        {trechos.at(-1)?.destino_iata}
        <br />
        <small className="quiet-text">
          {formats.day(partida)} · {trechos.map(({ voo }) => voo).join(', ')}
        </small>
      </p>
      <a className="button" href={addressOf({ ...search, step: 'outward' })}>
        {t.search.replace}
      </a>
    </div>
  )
}

interface SumProps {
  search: Search
  outward: Itinerary | undefined
  back: Itinerary | undefined
}

function Sum({ search, outward, back }: SumProps) {
  const t = useText()
  const formats = useFormats()
  const both = outward && back && canFollow(outward, back) ? [outward, back] : undefined
  const picked = [outward, back].filter((one) => one !== undefined)
  const seats = picked.reduce((sum, { trechos }) => sum + trechos.length, 0) * search.passageiros
  const isTooMuch = both !== undefined && seats > SEATS_MAX
  const next = outward ? 'back' : 'outward'
  const parts = (['outward', 'back'] as const).flatMap((way) => {
    const price = (way === 'outward' ? outward : back)?.preco_total
    return price ? [`${t.search.ways[way]} ${formats.money(price)}`] : []
  })
  const choose = (both: Itinerary[]) => {
    begin(
      both.map(({ trechos }) => trechos),
      search.passageiros,
    )
    go('#/assentos')
  }
  return (
    <StepBar
      total={picked.length > 0 ? totalOf(picked) : undefined}
      note={isTooMuch ? t.search.tooManySeats(seats, SEATS_MAX) : both ? parts.join(' + ') : t.search.whichWay[next]}
    >
      {both && !isTooMuch && (
        <Button kind="primary" onPress={() => choose(both)}>
          {t.search.choose}
          <Icon name="arrow" />
        </Button>
      )}
    </StepBar>
  )
}

function totalOf(picked: Itinerary[]): Money | null {
  const [first, ...rest] = picked.map(({ preco_total }) => preco_total)
  return rest.reduce<Money | null>(
    (sum, price) =>
      sum && price && sum.moeda === price.moeda ? { ...sum, centavos: sum.centavos + price.centavos } : null,
    first ?? null,
  )
}
