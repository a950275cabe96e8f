// Money, days and times as people write them.
//
// A time of the wire carries the offset of its airport, and is shown by that clock wherever the reader is.

import type { Money } from '../api/schema'
import type { Language } from './language'

export type Formats = ReturnType<typeof formats>

const REGIONS: Record<Language, string> = { 'pt-BR': 'pt-BR', en: 'en-GB' }

export function formats(language: Language) {
  const region = REGIONS[language]
  const day = new Intl.DateTimeFormat(region, { timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'short' })
  const short = new Intl.DateTimeFormat(region, { timeZone: 'UTC', weekday: 'short', day: '2-digit', month: '2-digit' })
  const date = new Intl.DateTimeFormat(region, { timeZone: 'UTC', dateStyle: 'short' })
  const moment = new Intl.DateTimeFormat(region, { dateStyle: 'medium', timeStyle: 'short' })
  const clock = new Intl.DateTimeFormat(region, { timeStyle: 'medium' })
  const list = new Intl.ListFormat(region, { type: 'conjunction' })
  return {
    money: ({ centavos, moeda, casas }: Money) =>
      new Intl.NumberFormat(region, {
        style: 'currency',
        currency: moeda,
        // browsers leave out cents that are not in use; what is paid has them
        minimumFractionDigits: casas,
        maximumFractionDigits: casas,
      }).format(centavos / 10 ** casas),
    /** Without what is behind the point, rounded up: where many stand beside each other. */
    roundMoney: ({ centavos, moeda, casas }: Money) =>
      new Intl.NumberFormat(region, {
        style: 'currency',
        currency: moeda,
        minimumFractionDigits: 0,
        maximumFractionDigits: 0,
      }).format(Math.ceil(centavos / 10 ** casas)),
    /** The clock at the airport: `08:35`. */
    time: (instant: string) => instant.slice(11, 16),
    /** The zone of that clock: `UTC−3`. */
    zone,
    /** The day at the airport. */
    day: (instant: string) => day.format(new Date(`${instant.slice(0, 10)}T00:00Z`)),
    /** The day of the week, and the day as short as can be. */
    shortDay: (day: string) => short.format(new Date(`${day}T00:00Z`)),
    /** The day as numbers. */
    date: (day: string) => date.format(new Date(`${day}T00:00Z`)),
    /** Day and time by the reader's own clock. */
    moment: (instant: string) => moment.format(new Date(instant)),
    clock: (instant: number) => clock.format(instant),
    duration: (minutes: number) => {
      const [hours, rest] = [Math.floor(minutes / 60), Math.round(minutes % 60)]
      if (hours === 0) return `${rest} min`
      return rest === 0 ? `${hours} h` : `${hours} h ${String(rest).padStart(2, '0')}`
    },
    list: (items: string[]) => list.format(items),
  }
}

function zone(instant: string): string {
  const offset = /([+-])(\d\d):(\d\d)$/.exec(instant)
  if (!offset) return 'UTC'
  const [, sign, hours, minutes] = offset
  return `UTC${sign === '-' ? '−' : '+'}${Number(hours)}${minutes === '00' ? '' : `:${minutes}`}`
}

/** Days between two days of the wire, each by its own clock. */
export function daysBetween(from: string, to: string): number {
  const day = (instant: string) => Date.parse(`${instant.slice(0, 10)}T00:00Z`)
  return Math.round((day(to) - day(from)) / 86_400_000)
}
