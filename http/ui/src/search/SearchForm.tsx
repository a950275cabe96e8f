// What a visitor asks for.

import type { CalendarDate } from '@internationalized/date'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState, type ComponentProps, type FormEvent } from 'react'
import { Label, Radio, RadioGroup } from 'react-aria-components'

import { airports as airportsQuery } from '../api/queries'
import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Icon } from '../parts/Icon'
import { folded, placeOf, textOf } from './places'
import { firstDay, isRoundTrip, notBefore, type Search } from './query'
import { noteSearched } from './recent'
import styles from './search.module.css'

/** Lists and calendars are a third of all code; the page need not wait for them. */
const DateField = lazy(() => import('./DateField'))
const PassengersField = lazy(() => import('./PassengersField'))
const PlaceField = lazy(() => import('./PlaceField'))

type Kind = 'one' | 'round' | 'jaw'
const KINDS: Kind[] = ['one', 'round', 'jaw']
/** How long people stay who have not said so yet. */
const STAY_DAYS = 7

interface Props {
  search: Search
  onSearch: (search: Search) => void
}

export function SearchForm({ search, onSearch }: Props) {
  const t = useText()
  const formats = useFormats()
  const date = (day: CalendarDate) => formats.date(day.toString())
  const { data: airports = [] } = useQuery(airportsQuery)
  const asked = askedBy(search, (place) => textOf(place, airports))
  const [said, setSaid] = useState(asked)
  const [isChecked, setChecked] = useState(false)
  // the address changes by Back and by links, and names airports by code: what it says then replaces what was typed
  const [before, setBefore] = useState(asked.words)
  if (asked.words !== before) {
    setBefore(asked.words)
    setSaid(asked)
  }
  const say = (change: Partial<Said>) => setSaid((now) => ({ ...now, ...change }))

  const missing = (text: string) => (isChecked && text.trim() === '' ? t.search.required : undefined)
  const isSame = (one: string, other: string) => folded(placeOf(one)) === folded(placeOf(other))
  const same = (one: string, other: string) => (isChecked && isSame(one, other) ? t.search.same : undefined)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    const pairs = [[said.origin, said.destination], ...(said.kind === 'jaw' ? [[said.backFrom, said.backTo]] : [])]
    if (pairs.some(([from = '', to = '']) => !from.trim() || !to.trim() || isSame(from, to))) return
    noteSearched(pairs.flat())
    onSearch(searchFrom(said, search))
  }
  const choose = (kind: string) =>
    say({
      kind: kind as Kind,
      ...(kind === 'jaw' && !said.backTo && { backTo: said.origin }),
      back: notBefore(said.back, said.date),
    })
  return (
    <form
      className={classes('card', styles.searchForm)}
      data-kind={said.kind}
      onSubmit={submit}
      aria-label={t.search.form}
      noValidate
    >
      <RadioGroup
        className={classes('segmented', styles.kinds)}
        value={said.kind}
        onChange={choose}
        orientation="horizontal"
      >
        <Label className="visually-hidden">{t.search.kind}</Label>
        {KINDS.map((kind) => (
          <Radio key={kind} value={kind} className="segment-choice">
            {t.search.kinds[kind]}
          </Radio>
        ))}
      </RadioGroup>
      <div className={styles.placesPair}>
        <Place
          label={t.search.origin}
          value={said.origin}
          onChange={(origin) => say({ origin })}
          airports={airports}
          fault={missing(said.origin)}
        />
        <Button
          kind="quiet"
          aria-label={t.search.swap}
          onPress={() => say({ origin: said.destination, destination: said.origin })}
        >
          <Icon name="swap" />
        </Button>
        <Place
          label={t.search.destination}
          value={said.destination}
          onChange={(destination) => say({ destination })}
          airports={airports}
          fault={missing(said.destination) ?? same(said.origin, said.destination)}
        />
      </div>
      {said.kind === 'jaw' && (
        <div className={styles.backPair}>
          <Place
            label={t.search.backOrigin}
            value={said.backFrom}
            onChange={(backFrom) => say({ backFrom })}
            airports={airports}
            fault={missing(said.backFrom)}
          />
          <Place
            label={t.search.backDestination}
            value={said.backTo}
            onChange={(backTo) => say({ backTo })}
            airports={airports}
            fault={missing(said.backTo) ?? same(said.backFrom, said.backTo)}
          />
        </div>
      )}
      <div className={styles.dates}>
        <Suspense fallback={<Coming label={t.search.date} text={date(said.date)} />}>
          <DateField
            label={t.search.date}
            value={said.date}
            first={firstDay()}
            onChange={(date) => say({ date, back: notBefore(said.back, date) })}
          />
        </Suspense>
        {said.kind !== 'one' && (
          <Suspense fallback={<Coming label={t.search.dateBack} text={date(said.back)} />}>
            <DateField
              label={t.search.dateBack}
              value={said.back}
              first={said.date}
              onChange={(back) => say({ back: notBefore(back, said.date) })}
            />
          </Suspense>
        )}
      </div>
      <Suspense fallback={<Coming label={t.search.passengers} text={String(said.passengers)} />}>
        <PassengersField value={said.passengers} onChange={(passengers) => say({ passengers })} />
      </Suspense>
      <Button kind="primary" type="submit">
        <Icon name="search" />
        {t.search.submit}
      </Button>
    </form>
  )
}

/** What stands in the form. */
interface Said {
  kind: Kind
  origin: string
  destination: string
  backFrom: string
  backTo: string
  date: CalendarDate
  back: CalendarDate
  passengers: number
}

function askedBy(search: Search, text: (place: string) => string): Said & { words: string } {
  const { outward, back, passageiros } = search
  const said: Said = {
    kind: !back ? 'one' : isRoundTrip(search) ? 'round' : 'jaw',
    origin: text(outward.origem),
    destination: text(outward.destino),
    backFrom: back ? text(back.origem) : '',
    backTo: back ? text(back.destino) : '',
    date: outward.data,
    back: back?.data ?? outward.data.add({ days: STAY_DAYS }),
    passengers: passageiros,
  }
  return { ...said, words: Object.values(said).join('\n') }
}

/** The search that the form says. Filters are of another trip, unless places and days are the same. */
function searchFrom(said: Said, { outward, back, ordem }: Search): Search {
  const journey = (from: string, to: string, data: CalendarDate, before: Search['outward'] | undefined) => {
    const [origem, destino] = [placeOf(from), placeOf(to)]
    const isSame = before?.origem === origem && before.destino === destino && before.data.compare(data) === 0
    return { origem, destino, data, wishes: isSame ? before.wishes : {} }
  }
  const there = journey(said.origin, said.destination, said.date, outward)
  const home =
    said.kind === 'round'
      ? journey(said.destination, said.origin, said.back, back)
      : said.kind === 'jaw' && journey(said.backFrom, said.backTo, said.back, back)
  return { outward: there, ...(home && { back: home }), passageiros: said.passengers, ordem }
}

function Place(props: ComponentProps<typeof PlaceField>) {
  return (
    <Suspense fallback={<Coming label={props.label} text={props.value} />}>
      <PlaceField {...props} />
    </Suspense>
  )
}

/** Stands where the field will be, with what it will say. */
function Coming({ label, text }: { label: string; text: string }) {
  return (
    <div className="field">
      <span className="field-label">{label}</span>
      <span className={classes('input', styles.coming)}>{text}</span>
    </div>
  )
}
