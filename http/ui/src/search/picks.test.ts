import { parseDate } from '@internationalized/date'
import { expect, test } from 'vitest'

import { fits, tripOf } from './picks'

test('filters and order leave a trip what it is; places, days and passengers do not', () => {
  const journey = { origem: 'POA', destino: 'JPA', data: parseDate('2026-12-24'), wishes: {} }
  const search = { outward: journey, passageiros: 1, ordem: 'melhor' as const }
  const filtered = { ...journey, wishes: { max_conexoes: '1' } }
  expect(tripOf({ ...search, outward: filtered, ordem: 'preco' })).toBe(tripOf(search))
  const others = [
    { ...search, passageiros: 2 },
    { ...search, back: journey },
    { ...search, outward: { ...journey, destino: 'REC' } },
    { ...search, outward: { ...journey, data: parseDate('2026-12-25') } },
  ]
  expect(new Set([search, ...others].map(tripOf)).size).toBe(5)
})

test('a booking has sixteen seats', () => {
  expect([fits(4, 4), fits(6, 3), fits(2, 8), fits(2, 9)]).toEqual([true, false, true, false])
})
