import { parseDate } from '@internationalized/date'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { addressOf, firstDay, searchOf, wireOf } from './query'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** An hour at which Brasília has a new day, and Acre has not. */
const NIGHT = '2027-01-01T03:30:00Z'

const asked = (query: string) => searchOf(new URLSearchParams(query))
const day = (text: string) => asked(`data=${text}`).data.toString()

describe('a search in the address', () => {
  beforeEach(() => vi.setSystemTime('2026-12-10T15:00:00Z'))

  test('comes back as it was written', () => {
    const search = {
      origem: 'São Paulo',
      destino: 'JPA',
      data: parseDate('2026-12-24'),
      passageiros: 3,
      ordem: 'preco' as const,
    }
    const address = addressOf(search)
    expect(address).toMatch(/^#\/\?/)
    expect(asked(address.slice('#/?'.length))).toEqual(search)
    expect(wireOf(search)).toEqual({ ...search, data: '2026-12-24' })
  })

  test('has values for all that is not there', () => {
    expect(wireOf(asked(''))).toEqual({
      origem: '',
      destino: '',
      data: '2026-12-10',
      passageiros: 1,
      ordem: 'chegada',
    })
  })

  test.each([
    ['0', 1],
    ['-2', 1],
    ['1', 1],
    ['2.5', 1],
    ['dois', 1],
    ['9', 9],
    ['10', 9],
  ])('for %s passengers is for %i', (text, count) => expect(asked(`passageiros=${text}`).passageiros).toBe(count))

  test.each([
    ['duracao', 'duracao'],
    ['trechos', 'trechos'],
    ['outra', 'chegada'],
  ])('sorted by %s is sorted by %s', (text, sort) => expect(asked(`ordem=${text}`).ordem).toBe(sort))

  test.each(['2026-12-09', '2026-02-30', '24/12/2026', ''])('for %j is for today', (text) =>
    expect(day(text)).toBe('2026-12-10'),
  )
})

test('yesterday is taken while it lasts somewhere in Brazil; without a day it is Brasília’s', () => {
  vi.setSystemTime(NIGHT)
  expect(firstDay().toString()).toBe('2026-12-31')
  expect(day('2026-12-31')).toBe('2026-12-31')
  expect(day('2026-12-30')).toBe('2027-01-01')
  expect(day('')).toBe('2027-01-01')
})
