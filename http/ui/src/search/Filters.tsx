// What may be asked of an itinerary, and how many each choice would leave. It stands in the address.

import { Checkbox, CheckboxGroup, Label, Radio, RadioGroup } from 'react-aria-components'

import { useAirlines } from '../api/airlines'
import { go } from '../app/route'
import type { AtMostChoice, Choices, DayPartChoice, Money } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { NamedCompany } from '../parts/Company'
import { Icon } from '../parts/Icon'
import { addressOf, countOf, journeyOf, withJourney, type Filter, type Search, type Way, type Wishes } from './query'
import styles from './search.module.css'

interface Props {
  search: Search
  way: Way
  choices: Choices
  /** The currency of prices; none where there are several. */
  currency: Currency | undefined
  /** The dialog has said already what this is. */
  isInDialog?: boolean
}

type Currency = Pick<Money, 'moeda' | 'casas'>

export default function Filters({ search, way, choices, currency, isInDialog = false }: Props) {
  const t = useText()
  const formats = useFormats()
  const { wishes } = journeyOf(search, way)
  const wish = (change: Partial<Record<Filter, string | undefined>>) => {
    const all = { ...wishes, ...change }
    const next = Object.fromEntries(Object.entries(all).filter(([, value]) => value)) as Wishes
    go(addressOf(withJourney(search, way, { wishes: next })))
  }
  const clear = () => go(addressOf(withJourney(search, way, { wishes: {} })))
  return (
    <div className={styles.filters}>
      {(!isInDialog || countOf(wishes) > 0) && (
        <div className={styles.filtersHead}>
          {!isInDialog && <h2>{t.search.filters}</h2>}
          {countOf(wishes) > 0 && (
            <Button kind="link" onPress={clear}>
              {t.search.clear}
            </Button>
          )}
        </div>
      )}
      <AtMost
        label={t.search.stops}
        choices={choices.conexoes}
        value={wishes.max_conexoes}
        say={t.search.stopsMax}
        onChange={(max_conexoes) => wish({ max_conexoes })}
      />
      <Companies choices={choices} value={wishes.companhias} onChange={(companhias) => wish({ companhias })} />
      <Hours
        label={t.search.departure}
        choices={choices.partida}
        value={[wishes.partida_de, wishes.partida_ate]}
        onChange={(partida_de, partida_ate) => wish({ partida_de, partida_ate })}
      />
      <Hours
        label={t.search.arrival}
        choices={choices.chegada}
        value={[wishes.chegada_de, wishes.chegada_ate]}
        onChange={(chegada_de, chegada_ate) => wish({ chegada_de, chegada_ate })}
      />
      <AtMost
        label={t.search.duration}
        choices={choices.duracao}
        value={wishes.duracao_max}
        say={(max) => t.search.upTo(formats.duration(max))}
        onChange={(duracao_max) => wish({ duracao_max })}
      />
      {currency && (
        <AtMost
          label={t.search.price}
          choices={choices.preco}
          value={wishes.preco_max}
          say={(max) => t.search.upTo(formats.money({ centavos: max, ...currency }))}
          onChange={(preco_max) => wish({ preco_max })}
        />
      )}
    </div>
  )
}

interface Row {
  value: string
  text: string
  count: number
}

interface ChoiceProps {
  label: string
  rows: Row[]
  all: number
  value: string
  onChange: (value: string) => void
}

/** One of several; only what would change the list is offered, and what is chosen. */
function Choice({ label, rows, all, value, onChange }: ChoiceProps) {
  const t = useText()
  const offered = rows.filter((row) => row.value === value || (row.count > 0 && row.count < all))
  if (offered.length === 0) return null
  return (
    <RadioGroup className={classes(styles.filter)} value={value} onChange={onChange}>
      <Label className="field-label">{label}</Label>
      {[{ value: '', text: t.search.any, count: all }, ...offered].map((row) => (
        <Radio key={row.value} value={row.value} className={classes(styles.choice)}>
          <span className={styles.dot} aria-hidden="true" />
          <span>{row.text}</span>
          <span className={styles.choiceCount}>{row.count}</span>
        </Radio>
      ))}
    </RadioGroup>
  )
}

interface AtMostProps {
  label: string
  choices: AtMostChoice[]
  value: string | undefined
  say: (max: number) => string
  onChange: (value: string | undefined) => void
}

function AtMost({ label, choices, value = '', say, onChange }: AtMostProps) {
  const all = Math.max(0, ...choices.map(({ opcoes }) => opcoes))
  const rows = choices.map(({ max, opcoes }) => ({ value: String(max), text: say(max), count: opcoes }))
  // of a link, or of a list that has changed since
  const isOdd = value !== '' && !rows.some((row) => row.value === value)
  const odd = isOdd ? [{ value, text: say(Number(value)), count: all }] : []
  return (
    <Choice
      label={label}
      rows={[...odd, ...rows]}
      all={all}
      value={value}
      onChange={(max) => onChange(max || undefined)}
    />
  )
}

interface HoursProps {
  label: string
  choices: DayPartChoice[]
  value: [from: string | undefined, to: string | undefined]
  onChange: (from: string | undefined, to: string | undefined) => void
}

function Hours({ label, choices, value, onChange }: HoursProps) {
  const t = useText()
  const named = (one: { de?: string | undefined; ate?: string | null | undefined }) =>
    `${one.de ?? ''} ${one.ate ?? ''}`
  const chosen = value.some(Boolean) ? named({ de: value[0], ate: value[1] }) : ''
  const all = choices.reduce((sum, { opcoes }) => sum + opcoes, 0)
  const rows = choices.map((one, i) => ({
    value: named(one),
    text: one.ate === null ? t.search.laterDay : `${t.search.parts[i] ?? ''}, ${one.de}–${one.ate}`,
    count: one.opcoes,
  }))
  const isOdd = chosen !== '' && !rows.some((row) => row.value === chosen)
  const odd = isOdd ? [{ value: chosen, text: value.map((end) => end ?? '').join('–'), count: 0 }] : []
  const choose = (next: string) => {
    const [from, to] = next.split(' ')
    onChange(from || undefined, to || undefined)
  }
  return <Choice label={label} rows={[...odd, ...rows]} all={all} value={chosen} onChange={choose} />
}

interface CompaniesProps {
  choices: Choices
  value: string | undefined
  onChange: (value: string | undefined) => void
}

/** All are ticked until one is taken off. */
function Companies({ choices, value, onChange }: CompaniesProps) {
  const t = useText()
  const nameOf = useAirlines()
  const all = choices.companhias.map(({ company }) => company)
  if (all.length < 2 && !value) return null
  const chosen = value ? value.split(',') : all
  const set = (codes: string[]) => {
    if (codes.length > 0) onChange(codes.length === all.length ? undefined : codes.join(','))
  }
  return (
    <CheckboxGroup className={classes(styles.filter)} value={chosen} onChange={set}>
      <Label className="field-label">{t.search.companies}</Label>
      <p className="hint">{t.search.companiesHint}</p>
      {choices.companhias.map(({ company, opcoes, participa }) => (
        <div key={company} className={styles.companyChoice}>
          <Checkbox value={company} className={classes(styles.choice)}>
            <span className={styles.tick} aria-hidden="true">
              <Icon name="check" />
            </span>
            <NamedCompany code={company} />
            <span className={styles.choiceCount}>{participa}</span>
          </Checkbox>
          {opcoes > 0 && all.length > 1 && (
            <Button kind="link" aria-label={t.search.onlyOf(nameOf(company))} onPress={() => set([company])}>
              {t.search.only}
            </Button>
          )}
        </div>
      ))}
    </CheckboxGroup>
  )
}
