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

import { Icon } from '../parts/Icon'
import { firstDay } from './query'

interface Props {
  label: string
  value: CalendarDate
  onChange: (day: CalendarDate) => void
}

export default function DateField({ label, value, onChange }: Props) {
  return (
    <DatePicker
      className="field date"
      value={value}
      onChange={(day) => day && onChange(day)}
      minValue={firstDay()}
      shouldForceLeadingZeros
    >
      <Label className="field-label">{label}</Label>
      <Group className="input input-group">
        <DateInput className="segments">{(segment) => <DateSegment className="segment" segment={segment} />}</DateInput>
        <Button className="input-button">
          <Icon name="calendar" />
        </Button>
      </Group>
      <Popover className="popover">
        <Dialog className="calendar-dialog">
          <Calendar className="calendar">
            <header className="row">
              <Button className="button quiet" slot="previous">
                <Icon name="left" />
              </Button>
              <Heading />
              <Button className="button quiet" slot="next">
                <Icon name="right" />
              </Button>
            </header>
            <CalendarGrid>{(day) => <CalendarCell className="calendar-day" date={day} />}</CalendarGrid>
          </Calendar>
        </Dialog>
      </Popover>
    </DatePicker>
  )
}
