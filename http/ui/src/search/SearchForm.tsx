// What a visitor asks for.

import type { CalendarDate } from '@internationalized/date'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState, type FormEvent } from 'react'
import { Button as AriaButton, Group, Input, Label, NumberField } from 'react-aria-components'

import { airports as airportsQuery } from '../api/queries'
import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Icon } from '../parts/Icon'
import { PlaceField } from './PlaceField'
import { folded, placeOf, textOf } from './places'
import { PASSENGERS_MAX, type Search } from './query'
import styles from './search.module.css'

/** Calendars are a sixth of all code; the rest need not wait for them. */
const DateField = lazy(() => import('./DateField'))

interface Props {
  search: Search
  onSearch: (search: Search) => void
}

export function SearchForm({ search, onSearch }: Props) {
  const t = useText()
  const { data: airports = [] } = useQuery(airportsQuery)
  const [from, to] = [textOf(search.origem, airports), textOf(search.destino, airports)]
  const [origin, setOrigin] = useState(from)
  const [destination, setDestination] = useState(to)
  const [date, setDate] = useState(search.data)
  const [passengers, setPassengers] = useState(search.passageiros)
  const [checked, setChecked] = useState(false)
  // the address changes by Back and by links, and names airports by code: what it says then replaces what was typed
  const asked = [from, to, search.data, search.passageiros].join('\n')
  const [before, setBefore] = useState(asked)
  if (asked !== before) {
    setBefore(asked)
    setOrigin(from)
    setDestination(to)
    setDate(search.data)
    setPassengers(search.passageiros)
  }

  const missing = (text: string) => (checked && text.trim() === '' ? t.search.required : undefined)
  const isSame = folded(placeOf(origin)) === folded(placeOf(destination))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (!origin.trim() || !destination.trim() || isSame) return
    onSearch({ ...search, origem: placeOf(origin), destino: placeOf(destination), data: date, passageiros: passengers })
  }
  const swap = () => {
    setOrigin(destination)
    setDestination(origin)
  }
  return (
    <form className={classes('card', styles.searchForm)} onSubmit={submit} aria-label={t.search.form} noValidate>
      <div className={styles.placesPair}>
        <PlaceField
          label={t.search.origin}
          value={origin}
          onChange={setOrigin}
          airports={airports}
          fault={missing(origin)}
        />
        <Button kind="quiet" aria-label={t.search.swap} onPress={swap}>
          <Icon name="swap" />
        </Button>
        <PlaceField
          label={t.search.destination}
          value={destination}
          onChange={setDestination}
          airports={airports}
          fault={missing(destination) ?? (checked && isSame ? t.search.same : undefined)}
        />
      </div>
      <Suspense fallback={<ComingDate label={t.search.date} value={date} />}>
        <DateField label={t.search.date} value={date} onChange={setDate} />
      </Suspense>
      <PassengersField value={passengers} onChange={setPassengers} />
      <Button kind="primary" type="submit">
        <Icon name="search" />
        {t.search.submit}
      </Button>
    </form>
  )
}

/** Stands where the field will be, with what it will say. */
function ComingDate({ label, value }: { label: string; value: CalendarDate }) {
  const { date } = useFormats()
  return (
    <div className="field">
      <span className="field-label">{label}</span>
      <span className={classes('input', styles.coming)}>{date(value.toString())}</span>
    </div>
  )
}

function PassengersField({ value, onChange }: { value: number; onChange: (count: number) => void }) {
  const t = useText()
  const change = (count: number) => onChange(Number.isNaN(count) ? 1 : count)
  return (
    <NumberField
      className={classes('field', styles.passengers)}
      value={value}
      onChange={change}
      minValue={1}
      maxValue={PASSENGERS_MAX}
    >
      <Label className="field-label">{t.search.passengers}</Label>
      <Group className="input input-group">
        <AriaButton className="input-button" slot="decrement">
          <Icon name="minus" />
        </AriaButton>
        <Input className={classes(styles.count)} />
        <AriaButton className="input-button" slot="increment">
          <Icon name="plus" />
        </AriaButton>
      </Group>
    </NumberField>
  )
}
