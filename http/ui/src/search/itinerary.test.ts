import { describe, expect, test } from 'vitest'

import type { Itinerary } from '../api/schema'
import { canFollow, hasZones, isOvernight, marksOf } from './itinerary'

let next = 0
const itinerary = (duracao_min: number, centavos: number | null, stops = 0) =>
  ({
    trechos: [{ company: 'a', id: next++ }],
    partida: '2026-12-24T08:00:00-03:00',
    duracao_min,
    preco: centavos === null ? null : { centavos, moeda: 'BRL', casas: 2 },
    conexoes: Array.from({ length: stops }, () => ({})),
  }) as Itinerary

describe('marks', () => {
  const [direct, cheap, slow] = [itinerary(100, 50_000), itinerary(300, 20_000, 1), itinerary(400, 50_000, 2)]
  const marked = (list: Itinerary[], isWhole = true, ordem: Parameters<typeof marksOf>[2] = 'melhor') => {
    const marks = marksOf(list, isWhole, ordem)
    return list.map(({ trechos: [leg] }) => marks.get(`a/${leg?.id}`) ?? [])
  }

  test('name one best, one cheapest and one fastest', () => {
    expect(marked([direct, cheap, slow])).toEqual([['best', 'fastest'], ['cheapest'], []])
    expect(marked([slow, cheap, direct], true, 'chegada')).toEqual([[], ['cheapest'], ['best', 'fastest']])
  })

  test('say nothing of what all have alike, nor of a single one', () => {
    expect(marked([direct, itinerary(100, 50_000)])).toEqual([['best'], []])
    expect(marked([direct])).toEqual([[]])
  })

  test('of a list that goes on say only what it is sorted by', () => {
    expect(marked([cheap, slow], false, 'preco')).toEqual([['cheapest'], []])
    expect(marked([direct, slow], false, 'duracao')).toEqual([['fastest'], []])
    expect(marked([direct, cheap], false, 'partida')).toEqual([[], []])
  })

  test('name nothing the cheapest where prices cannot be compared', () => {
    expect(marked([direct, itinerary(300, null)])[1]).toEqual([])
  })
})

test.each([
  ['2026-12-24T21:20:00-03:00', '2026-12-25T08:00:00-03:00', true],
  ['2026-12-25T01:00:00-03:00', '2026-12-25T08:15:00-03:00', true],
  ['2026-12-24T23:00:00-03:00', '2026-12-25T02:00:00-03:00', false],
  ['2026-12-24T06:00:00-03:00', '2026-12-24T23:59:00-03:00', false],
  ['2026-12-25T04:30:00-03:00', '2026-12-25T09:00:00-03:00', false],
])('from %s to %s is a night: %s', (arrival, departure, isNight) =>
  expect(isOvernight(arrival, departure)).toBe(isNight),
)

test('zones are worth a word where clocks differ', () => {
  const leg = (from: string, to: string) => ({
    partida: `2026-12-24T08:00:00${from}`,
    chegada: `2026-12-24T09:00:00${to}`,
  })
  expect(hasZones([leg('-03:00', '-03:00'), leg('-03:00', '-03:00')])).toBe(false)
  expect(hasZones([leg('-03:00', '-03:00'), leg('-03:00', '-04:00')])).toBe(true)
})

test('a return leaves at least an hour after the arrival, by one clock', () => {
  const there = { chegada: '2026-12-24T10:00:00-03:00' }
  expect(canFollow(there, { partida: '2026-12-24T10:00:00-04:00' })).toBe(true)
  expect(canFollow(there, { partida: '2026-12-24T10:59:00-03:00' })).toBe(false)
})
