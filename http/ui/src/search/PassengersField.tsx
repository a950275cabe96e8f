// How many travel.

import { Button, Group, Input, Label, NumberField } from 'react-aria-components'

import { useText } from '../i18n'
import { classes } from '../parts/classes'
import { Icon } from '../parts/Icon'
import { PASSENGERS_MAX } from './query'
import styles from './search.module.css'

export default function PassengersField({ value, onChange }: { value: number; onChange: (count: number) => void }) {
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
        <Button className="input-button" slot="decrement">
          <Icon name="minus" />
        </Button>
        <Input className={classes(styles.count)} />
        <Button className="input-button" slot="increment">
          <Icon name="plus" />
        </Button>
      </Group>
    </NumberField>
  )
}
