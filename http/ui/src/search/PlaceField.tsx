// A place, with suggestions as one types; what is no suggestion may be typed too, and the server says what it knows.

import { useMemo } from 'react'
import { Button, ComboBox, FieldError, Input, Label, ListBox, ListBoxItem, Popover, Text } from 'react-aria-components'

import type { Airport } from '../api/schema'
import { useText } from '../i18n'
import { useLanguage } from '../i18n/language'
import { classes } from '../parts/classes'
import { Icon } from '../parts/Icon'
import { found, suggestions } from './places'
import { useRecent } from './recent'
import styles from './search.module.css'

/** More than a screen of suggestions helps nobody. */
const SHOWN_MAX = 30

interface Props {
  label: string
  value: string
  onChange: (text: string) => void
  airports: Airport[]
  fault?: string | undefined
}

export default function PlaceField({ label, value, onChange, airports, fault }: Props) {
  const t = useText()
  const language = useLanguage()
  const recent = useRecent()
  const all = useMemo(() => {
    const { allAirports, placeBefore: before } = t.search
    return suggestions(airports, { language, allAirports, before }, recent)
  }, [airports, t, language, recent])
  const shown = useMemo(() => {
    const chosen = all.some(({ text }) => text === value)
    return (chosen || value === '' ? all : found(all, value)).slice(0, SHOWN_MAX)
  }, [all, value])
  return (
    <ComboBox
      className="field"
      inputValue={value}
      onInputChange={onChange}
      items={shown}
      allowsCustomValue
      allowsEmptyCollection
      menuTrigger="focus"
      isInvalid={fault !== undefined}
    >
      <Label className="field-label">{label}</Label>
      <div className="input-group">
        <Input className="input" placeholder={t.search.placeHint} onFocus={(event) => event.currentTarget.select()} />
        <Button className="input-button">
          <Icon name="down" />
        </Button>
      </div>
      <FieldError className="fault">{fault}</FieldError>
      <Popover className={classes('popover', styles.places)}>
        <ListBox className="menu" renderEmptyState={() => <p className={styles.optionEmpty}>{t.search.noPlace}</p>}>
          {(one: (typeof shown)[number]) => (
            <ListBoxItem id={one.text} textValue={one.text} className="option">
              <Text slot="label">{one.text}</Text>
              <Text slot="description">{one.detail}</Text>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  )
}
