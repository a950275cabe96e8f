import { parseDate } from '@internationalized/date'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { addressOf, countOf, firstDay, isRoundTrip, searchOf, wireOf, withJourney, type Search } from './query'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** An hour at which Brasília has a new day, and Acre has not. */
const NIGHT = '2027-01-01T03:30:00Z'

const asked = (query: string) => searchOf(new URLSearchParams(query))
const day = (text: string) => asked(`data=${text}`).outward.data.toString()
const again = (search: Search) => {
  const address = addressOf(search)
  expect(address).toMatch(/^#\/\?/)
  return asked(address.slice('#/?'.length))
}

describe('a search in the address', () => {
  beforeEach(() => vi.setSystemTime('2026-12-10T15:00:00Z'))

  const outward = { origem: 'São Paulo', destino: 'JPA', data: parseDate('2026-12-24'), wishes: {} }
  const back = { origem: 'JPA', destino: 'São Paulo', data: parseDate('2026-12-30'), wishes: {} }

  test('comes back as it was written', () => {
    const search = { outward, passageiros: 3, ordem: 'preco' as const }
    expect(again(search)).toEqual(search)
    const { origem, destino } = outward
    expect(wireOf(search)).toEqual({ origem, destino, data: '2026-12-24', passageiros: 3, ordem: 'preco' })
  })

  test('has values for all that is not there', () => {
    expect(wireOf(asked(''))).toEqual({
      origem: '',
      destino: '',
      data: '2026-12-10',
      passageiros: 1,
      ordem: 'melhor',
    })
  })

  test('with a return says its day, and its places only where they are others', () => {
    const round: Search = { outward, back, passageiros: 1, ordem: 'melhor', step: 'back' }
    expect(addressOf(round)).not.toContain('volta_')
    expect([again(round), isRoundTrip(again(round))]).toEqual([round, true])
    const jaw: Search = { ...round, back: { ...back, origem: 'REC' } }
    expect([again(jaw), isRoundTrip(again(jaw))]).toEqual([jaw, false])
  })

  test('has filters for each journey, as the node takes them', () => {
    const search: Search = {
      outward: { ...outward, wishes: { max_conexoes: '0', companhias: 'a,b', folga: '0' } },
      back: { ...back, wishes: { partida_de: '06:00', partida_ate: '11:59', preco_max: '50000' } },
      passageiros: 2,
      ordem: 'duracao',
    }
    expect(again(search)).toEqual(search)
    expect(wireOf(search, 'outward')).toMatchObject({ max_conexoes: 0, companhias: 'a,b', folga: 0 })
    expect(wireOf(search, 'back')).toMatchObject({
      origem: 'JPA',
      data: '2026-12-30',
      partida_de: '06:00',
      partida_ate: '11:59',
      preco_max: 50_000,
    })
    expect([countOf(search.outward.wishes), countOf(search.back?.wishes ?? {})]).toEqual([2, 2])
  })

  test.each([
    [1, 4],
    [3, 4],
    [4, 3],
    [5, 2],
    [8, 1],
  ])('there and back for %i leaves room for the other: at most %i legs each', (passageiros, legs) =>
    expect(wireOf({ outward, back, passageiros, ordem: 'melhor' }).max_trechos).toBe(legs),
  )

  test('on another day drops filters that name a day, and returns no earlier than it leaves', () => {
    const wishes = { chegada_de: '2026-12-25T00:00', partida_de: '06:00' }
    const search: Search = { outward: { ...outward, wishes }, back, passageiros: 1, ordem: 'melhor' }
    const moved = withJourney(search, 'outward', { data: parseDate('2027-01-02') })
    expect(moved.outward.wishes).toEqual({ partida_de: '06:00' })
    expect(moved.back?.data.toString()).toBe('2027-01-02')
    expect(withJourney(search, 'back', { data: parseDate('2026-12-31') }).outward).toBe(search.outward)
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
    ['partida', 'partida'],
    ['trechos', 'melhor'],
    ['outra', 'melhor'],
  ])('sorted by %s is sorted by %s', (text, sort) => expect(asked(`ordem=${text}`).ordem).toBe(sort))

  test.each(['2026-12-09', '2026-02-30', '24/12/2026', ''])('for %j is for today', (text) =>
    expect(day(text)).toBe('2026-12-10'),
  )

  test('with a return on a day that is none is one way', () => {
    expect(asked('data=2026-12-24&volta=2026-02-30').back).toBeUndefined()
    expect(asked('data=2026-12-24&volta=2026-12-20').back?.data.toString()).toBe('2026-12-24')
  })
})

test('yesterday is taken while it lasts somewhere in Brazil; without a day it is Brasília’s', () => {
  vi.setSystemTime(NIGHT)
  expect(firstDay().toString()).toBe('2026-12-31')
  expect(day('2026-12-31')).toBe('2026-12-31')
  expect(day('2026-12-30')).toBe('2027-01-01')
  expect(day('')).toBe('2027-01-01')
})

describe('what is owed in place of changed flights', () => {
  const owed = { page: 'remarcar/u', way: 1, companies: ['b', 'c'], until: 0, lastDay: '2026-12-20', old: '' }
  const on = (data: string, companhias?: string): Search => ({
    outward: { origem: 'POA', destino: 'JPA', data: parseDate(data), wishes: companhias ? { companhias } : {} },
    passageiros: 5,
    ordem: 'duracao',
    owed,
  })

  test('stands on a page of its own, by what may be chosen', () => {
    expect(addressOf(on('2026-12-18'))).toBe('#/remarcar/u?via=1&data=2026-12-18&ordem=duracao')
  })

  test('is of any company for a time, later of those that changed something, and fits into one booking', () => {
    expect(wireOf(on('2026-12-20'))).toMatchObject({ origem: 'POA', passageiros: 5, max_trechos: 3 })
    expect(wireOf(on('2026-12-20')).companhias).toBeUndefined()
    expect(wireOf(on('2026-12-20', 'a')).companhias).toBe('a')
    expect(wireOf(on('2026-12-21')).companhias).toBe('b,c')
    expect(wireOf(on('2026-12-21', 'a,b')).companhias).toBe('b')
    expect(wireOf(on('2026-12-21', 'a')).companhias).toBe('b,c')
  })
})
