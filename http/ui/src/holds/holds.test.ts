import { describe, expect, test } from 'vitest'

import type { Booking, BookingStep, HeldSeat } from '../api/schema'
import { pt } from '../i18n/pt'
import { clockOf, secondsLeft } from './countdown'
import { boundsOf, legsOf, tripName } from './legs'
import { after, BEGUN, isEnd, isSettled, wordOf, type Progress } from './progress'

const step = (company: string | null, passo: BookingStep['passo']) => ({ event: 'passo', data: { company, passo } })
const booking = (estado: Booking['estado'], companhias: Booking['companhias'] = []) =>
  ({ uuid: 'u', estado, companhias }) as Booking
const following = (...events: Array<{ event: string; data: unknown }>) => events.reduce(after, BEGUN)
const words = (progress: Progress) => ['a', 'b'].map((company) => wordOf(progress, company))

describe('progress', () => {
  test('is the last word of each company', () => {
    expect(words(BEGUN)).toEqual(['waiting', 'waiting'])
    expect(words(following(step('a', 'pedido'), step('b', 'pedido'), step('a', 'sim')))).toEqual(['sim', 'pedido'])
    expect(words(following(step('a', 'nao'), step('b', 'silencio')))).toEqual(['nao', 'silencio'])
  })

  test('takes no word from steps that are of no company, and from other events', () => {
    expect(following(step(null, 'inicio'), step(null, 'decidido'), { event: 'outro', data: {} })).toEqual(BEGUN)
    expect(words(following(step('a', 'inicio'), step('b', 'decidido')))).toEqual(['waiting', 'waiting'])
  })

  test('is decided for all before each has recorded it: who has not is not said to have', () => {
    const at = (company: string, respondeu: boolean, estado?: 'preparado' | 'confirmado') =>
      ({ company, respondeu, trechos: estado ? [{ estado }] : [] }) as unknown as Booking['companhias'][number]
    const confirmed = (...companies: Booking['companhias']) => booking('confirmada', companies)
    const decided = confirmed(at('a', true, 'preparado'), at('b', false))
    const end = { event: 'fim', data: decided }
    expect(words(following(step('a', 'sim'), end))).toEqual(['sim', 'pendente'])
    expect(words(following(step('a', 'confirmado'), end))).toEqual(['confirmado', 'pendente'])
    expect(words(following(end, step('b', 'confirmado')))).toEqual(['sim', 'confirmado'])
    expect([isEnd(decided), isSettled(decided)]).toEqual([true, false])

    const recorded = confirmed(at('a', true, 'confirmado'), at('b', true, 'confirmado'))
    expect(words(following(end, { event: 'fim', data: recorded }))).toEqual(['confirmado', 'confirmado'])
    expect(isSettled(recorded)).toBe(true)
    expect([isSettled(booking('recusada', [at('b', false)])), isSettled(booking('retida'))]).toEqual([true, false])
  })

  test('names those who never answered', () => {
    const at = (company: string, respondeu: boolean) => ({ company, respondeu }) as Booking['companhias'][number]
    const end = { event: 'fim', data: booking('recusada', [at('a', true), at('b', false)]) }
    expect(words(following(end))).toEqual(['waiting', 'silencio'])
    expect(words(following(step('b', 'liberado'), end))).toEqual(['waiting', 'liberado'])
  })
})

test.each([
  ['confirmada', true],
  ['recusada', true],
  ['cancelada', true],
  ['em_andamento', false],
  ['retida', false],
] as const)('a booking that is %s has ended: %s', (estado, ended) => expect(isEnd(booking(estado))).toBe(ended))

describe('time left', () => {
  /** Ten minutes by the server, whose clock is a day behind ours. */
  const hold = { agora: '2026-05-01T12:00:00-03:00', expira_em: '2026-05-01T15:10:00Z' }
  const at = Date.parse('2026-05-02T15:00:00Z')

  test.each([
    [0, 600],
    [1, 600],
    [1_000, 599],
    [599_001, 1],
    [600_000, 0],
    [3_600_000, 0],
    // the clock of this machine was set back
    [-5_000, 600],
  ])('after %i ms is %i s', (passed, seconds) => expect(secondsLeft(hold, at, at + passed)).toBe(seconds))

  test.each([
    [0, '00:00'],
    [59, '00:59'],
    [845, '14:05'],
    [3_599, '59:59'],
    [3_600, '1:00:00'],
    [4_445, '1:14:05'],
  ])('of %i s is written %s', (seconds, text) => expect(clockOf(seconds)).toBe(text))
})

test('seats come by leg, legs by departure, whatever their zones', () => {
  const seat = (company: string, id_trecho: number, partida: string, id_assento: number) => ({
    company,
    id_trecho,
    partida,
    id_assento,
  })
  const second = '2026-05-01T10:30:00-03:00'
  // half an hour later, though its clock says less
  const third = '2026-05-01T09:00:00-05:00'
  const legs = legsOf([
    seat('b', 1, third, 5),
    seat('a', 1, second, 6),
    seat('b', 1, third, 4),
    seat('a', 2, '2026-05-01T08:00:00-03:00', 1),
  ])
  expect(legs.map((seats) => seats.map(({ company, id_assento }) => `${company}${id_assento}`))).toEqual([
    ['a1'],
    ['a6'],
    ['b5', 'b4'],
  ])
})

describe('a trip of several legs', () => {
  const seat = (from: string, to: string, partida: string, chegada: string) =>
    ({
      company: 'a',
      id_trecho: Date.parse(partida),
      origem: from,
      destino: to,
      origem_iata: from,
      destino_iata: to,
      partida: `${partida}:00Z`,
      chegada: `${chegada}:00Z`,
    }) as HeldSeat
  const there = [
    seat('POA', 'GRU', '2026-12-01T10:00', '2026-12-01T12:00'),
    seat('GRU', 'JPA', '2026-12-02T09:00', '2026-12-02T12:00'),
  ]
  const back = seat('JPA', 'POA', '2026-12-08T10:00', '2026-12-08T14:00')
  const bounds = (seats: HeldSeat[]) => boundsOf(legsOf(seats)).map((legs) => legs.map(([one]) => one?.origem))

  test('is one journey while it goes on within a day, and two where it waits longer or begins elsewhere', () => {
    expect(bounds(there)).toEqual([['POA', 'GRU']])
    expect(bounds([back, ...there])).toEqual([['POA', 'GRU'], ['JPA']])
    expect(bounds([...there, seat('REC', 'POA', '2026-12-02T20:00', '2026-12-02T23:00')])).toEqual([
      ['POA', 'GRU'],
      ['REC'],
    ])
  })

  test('is named by where it leads', () => {
    expect(tripName(pt, there)).toBe('POA – JPA')
    expect(tripName(pt, [...there, back])).toBe('POA – JPA, ida e volta')
  })
})
