import { describe, expect, it } from 'vitest'

import type { Itinerary } from '../api/schema'
import { fewerOf, whyNothing } from './why'

const rota = (livres: number, legs: number) =>
  ({ livres, trechos: Array.from({ length: legs }) }) as Pick<Itinerary, 'livres' | 'trechos'>
const NOBODY = { fit: 0, isTooMany: false }
const why = (on: string[], fewer = NOBODY) =>
  whyNothing({ day: '2026-12-10', passageiros: 2, fewer, on: on.map((data) => ({ data })) })

describe('how many could fly', () => {
  it('is as many as there are seats free', () => {
    expect(fewerOf([rota(3, 1), rota(5, 2)], 6, 1)).toEqual({ fit: 5, isTooMany: false })
    expect(fewerOf([], 2, 1)).toEqual(NOBODY)
  })

  it('is as many as one booking takes', () => {
    expect(fewerOf([rota(90, 3)], 9, 1)).toEqual({ fit: 5, isTooMany: true })
    expect(fewerOf([rota(90, 3)], 9, 2)).toEqual({ fit: 4, isTooMany: true })
  })
})

describe('why there is nothing', () => {
  it('is that nobody flies there', () => expect(why([])).toBe('noRoute'))
  it('is that it is not on sale yet after the last day that is', () => expect(why(['2026-12-09'])).toBe('notYet'))
  it('is that day alone where later ones have flights', () => expect(why(['2026-12-12'])).toBe('notThatDay'))
  it('is that there are too few seats, or too many of one booking', () => {
    expect(why([], { fit: 1, isTooMany: false })).toBe('soldOut')
    expect(why([], { fit: 5, isTooMany: true })).toBe('tooMany')
  })
})
