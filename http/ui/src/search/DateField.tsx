// A day: typed, or taken from a calendar.

import type { CalendarDate } from '@internationalized/date'
import {
  Button,
  Calendar,
  CalendarCell,
  CalendarGrid,
  DateInput,
  DatePicker,
  DateSegment,
  Dialog,
  Group,
  Heading,
  Label,
  Popover,
} from 'react-aria-components'

import { classes } from '../parts/classes'
import { Icon } from '../parts/Icon'
import styles from './search.module.css'

interface Props {
  label: string
  value: CalendarDate
  /** No day before it can be chosen. */
  first: CalendarDate
  onChange: (day: CalendarDate) => void
}

export default function DateField({ label, value, first, onChange }: Props) {
  return (
    <DatePicker
      className="field"
      value={value}
      onChange={(day) => day && onChange(day)}
      minValue={first}
      shouldForceLeadingZeros
    >
      <Label className="field-label">{label}</Label>
      <Group className="input input-group">
        <DateInput className={classes(styles.segments)}>
          {(segment) => <DateSegment className={classes(styles.segment)} segment={segment} />}
        </DateInput>
        <Button className="input-button">
          <Icon name="calendar" />
        </Button>
      </Group>
      <Popover className="popover">
        <Dialog className={classes(styles.calendarDialog)}>
          <Calendar className={classes(styles.calendar)}>
            <header className="row">
              <Button className="button quiet" slot="previous">
                <Icon name="left" />
              </Button>
              <Heading />
              <Button className="button quiet" slot="next">
                <Icon name="right" />
              </Button>
            </header>
            <CalendarGrid>{(day) => <CalendarCell className={classes(styles.calendarDay)} date={day} />}</CalendarGrid>
          </Calendar>
        </Dialog>
      </Popover>
    </DatePicker>
  )
}
