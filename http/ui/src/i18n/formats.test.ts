import { describe, expect, test } from 'vitest'

import { en } from './en'
import { daysBetween, formats } from './formats'
import { pt } from './pt'

const [portuguese, english] = [formats('pt-BR'), formats('en')]

/** Spaces that do not break are spaces to those who read. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ')

test.each([
  [{ centavos: 239_940, moeda: 'BRL', casas: 2 }, 'R$ 2.399,40', 'R$2,399.40'],
  [{ centavos: 0, moeda: 'BRL', casas: 2 }, 'R$ 0,00', 'R$0.00'],
  [{ centavos: 5, moeda: 'BRL', casas: 2 }, 'R$ 0,05', 'R$0.05'],
  [{ centavos: 123_456_789, moeda: 'BRL', casas: 2 }, 'R$ 1.234.567,89', 'R$1,234,567.89'],
  [{ centavos: 1_990, moeda: 'USD', casas: 2 }, 'US$ 19,90', 'US$19.90'],
  [{ centavos: 12_345, moeda: 'JPY', casas: 0 }, 'JP¥ 12.345', 'JP¥12,345'],
  [{ centavos: 12_345, moeda: 'KWD', casas: 3 }, 'KWD 12,345', 'KWD 12.345'],
  [{ centavos: 12_345, moeda: 'CLF', casas: 4 }, 'CLF 1,2345', 'CLF 1.2345'],
  [{ centavos: 12_345, moeda: 'IQD', casas: 3 }, 'IQD 12,345', 'IQD 12.345'],
])('%j is %s, and %s in English', (money, inPortuguese, inEnglish) => {
  expect(plain(portuguese.money(money))).toBe(inPortuguese)
  expect(plain(english.money(money))).toBe(inEnglish)
})

describe('a time of the wire', () => {
  // one instant at two airports, on two days
  const noronha = '2026-11-28T00:40:00-02:00'
  const acre = '2026-11-27T21:40:00-05:00'

  test('is by the clock of the airport', () => {
    expect([portuguese.time(noronha), english.time(acre)]).toEqual(['00:40', '21:40'])
    expect([portuguese.zone(noronha), english.zone(acre)]).toEqual(['UTC−2', 'UTC−5'])
  })

  test.each([
    ['2026-11-28T00:40:00Z', 'UTC'],
    ['2026-11-28T00:40:00+00:00', 'UTC+0'],
    ['2026-11-28T00:40:00+05:30', 'UTC+5:30'],
    ['2026-11-28T00:40:00-03:00', 'UTC−3'],
  ])('%s is of the zone %s', (instant, zone) => expect(portuguese.zone(instant)).toBe(zone))

  test('has the day of the airport', () => {
    expect([portuguese.day(noronha), portuguese.day(acre)]).toEqual(['sáb., 28 de nov.', 'sex., 27 de nov.'])
    expect([english.day(noronha), english.day(acre)]).toEqual(['Sat 28 Nov', 'Fri 27 Nov'])
  })

  test('that is nobody’s but the reader’s is by their clock', () => {
    // Manaus, an hour behind Brasília
    expect(plain(portuguese.moment('2026-11-28T00:30:00-03:00'))).toBe('27 de nov. de 2026, 23:30')
    expect(plain(english.moment('2026-11-28T00:30:00-03:00'))).toBe('27 Nov 2026, 23:30')
    expect(portuguese.clock(Date.parse('2026-11-28T00:30:05-03:00'))).toBe('23:30:05')
  })
})

test('a day as numbers is written with the day first', () => {
  expect([portuguese.date('2026-11-05'), english.date('2026-11-05')]).toEqual(['05/11/2026', '05/11/2026'])
})

test.each([
  [0, '0 min'],
  [45, '45 min'],
  [60, '1 h'],
  [65, '1 h 05'],
  [790, '13 h 10'],
  [1500, '25 h'],
])('%i minutes are %s', (minutes, text) => expect(portuguese.duration(minutes)).toBe(text))

test('lists end with an “and”', () => {
  expect([portuguese.list(['1A']), portuguese.list(['1A', '1B'])]).toEqual(['1A', '1A e 1B'])
  expect(portuguese.list(['1A', '1B', '1C'])).toBe('1A, 1B e 1C')
  expect(english.list(['1A', '1B', '1C'])).toBe('1A, 1B and 1C')
})

test.each([
  ['2026-11-27T23:50:00-03:00', '2026-11-28T01:10:00-03:00', 1],
  ['2026-11-27T08:00:00-03:00', '2026-11-27T23:59:00-05:00', 0],
  // the same instant, yet the day before where one arrives
  ['2026-11-28T01:00:00-02:00', '2026-11-27T22:00:00-05:00', -1],
  ['2026-12-31T22:00:00-03:00', '2027-01-02T01:00:00-03:00', 2],
])('from %s to %s are %i days', (from, to, days) => expect(daysBetween(from, to)).toBe(days))

test('one is one, and several are several', () => {
  expect([pt.search.results(1), pt.search.results(2)]).toEqual(['1 opção', '2 opções'])
  expect([en.search.results(1), en.search.results(2)]).toEqual(['1 option', '2 options'])
  expect([pt.search.left(1), pt.search.left(9)]).toEqual(['Resta 1 assento', 'Restam 9 assentos'])
  expect([en.search.left(1), en.search.left(9)]).toEqual(['1 seat left', '9 seats left'])
  expect([pt.seats.missing(1), pt.seats.missing(3)]).toEqual(['Falta escolher 1 assento', 'Falta escolher 3 assentos'])
  expect([en.seats.missing(1), en.seats.missing(3)]).toEqual(['1 seat still to choose', '3 seats still to choose'])
  expect([pt.hold.minutesLeft(1), en.hold.minutesLeft(1)]).toEqual(['Resta 1 minuto', '1 minute left'])
  expect([pt.search.nextDays(2), en.search.nextDays(2)]).toEqual(['chega 2 dias depois', 'arrives 2 days later'])
})
