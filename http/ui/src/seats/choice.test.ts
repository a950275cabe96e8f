import { beforeEach, describe, expect, test, vi } from 'vitest'

import type { Leg } from '../api/schema'
import * as choice from './choice'

const leg = (company: string, id: number, centavos = 10_000, moeda = 'BRL') =>
  ({ company, id, preco: { centavos, moeda, casas: 2 } }) as Leg

const [ONE, OTHER] = [leg('a', 7, 19_990), leg('b', 7, 5_010)]

/** As it is written to the browser's storage. */
let kept: Record<string, string> = {}
vi.stubGlobal('window', {
  sessionStorage: {
    getItem: (key: string) => kept[key] ?? null,
    setItem: (key: string, value: string) => void (kept[key] = value),
  },
})

/** The choice as another page of the same tab would find it. */
function now(): choice.Choice {
  return JSON.parse(kept['passcom.choice'] ?? 'null') as choice.Choice
}

function name(...names: string[]): void {
  names.forEach((nome, i) => choice.setTraveller(i, { nome, documento: '' }))
}

beforeEach(() => {
  choice.forget()
  kept = {}
  choice.begin([[ONE, OTHER]], 2)
})

describe('seats', () => {
  test('of two companies with the same number are two', () => {
    choice.setSeats(ONE, [1])
    choice.setSeats(OTHER, [2])
    expect([choice.chosenOf(now(), ONE), choice.chosenOf(now(), OTHER)]).toEqual([[1], [2]])
  })

  test('are one for each passenger at most, in the order of choosing', () => {
    expect([choice.toggle(ONE, 4), choice.toggle(ONE, 2), choice.toggle(ONE, 3)]).toEqual([true, true, false])
    expect(choice.chosenOf(now(), ONE)).toEqual([4, 2])
    choice.setSeats(ONE, [5, 6, 7])
    expect(choice.chosenOf(now(), ONE)).toEqual([5, 6])
  })

  test('are given back by choosing them again', () => {
    choice.setSeats(ONE, [4, 2])
    expect(choice.toggle(ONE, 4)).toBe(true)
    expect(choice.chosenOf(now(), ONE)).toEqual([2])
  })

  test('of a single passenger are changed with one press', () => {
    choice.begin([[ONE]], 1)
    choice.setSeats(ONE, [4])
    expect(choice.toggle(ONE, 9)).toBe(true)
    expect(choice.chosenOf(now(), ONE)).toEqual([9])
  })

  test('that are missing are counted over all legs', () => {
    expect(choice.missingOf(now())).toBe(4)
    choice.setSeats(ONE, [1, 2])
    choice.setSeats(OTHER, [1])
    expect(choice.missingOf(now())).toBe(1)
  })

  test('that others took leave the choice and are remembered until as many are chosen again', () => {
    choice.setSeats(ONE, [1, 2])
    choice.setSeats(OTHER, [1, 2])
    choice.lose(ONE, [2])
    choice.lose(ONE, [1, 2])
    expect(choice.chosenOf(now(), ONE)).toEqual([])
    expect(choice.lostOf(now(), ONE)).toEqual([2, 1])
    expect([choice.chosenOf(now(), OTHER), choice.lostOf(now(), OTHER)]).toEqual([[1, 2], []])
    choice.setSeats(ONE, [8])
    expect(choice.lostOf(now(), ONE)).toEqual([2, 1])
    choice.setSeats(ONE, [8, 9])
    expect(choice.lostOf(now(), ONE)).toEqual([])
  })

  test('cannot be chosen without a trip', () => {
    choice.forget()
    expect(choice.toggle(ONE, 1)).toBe(false)
    expect(now()).toBeNull()
  })
})

describe('passengers', () => {
  test('keep their names in the next trip, as many as travel', () => {
    name('Ana', 'João')
    choice.setSeats(ONE, [1, 2])
    choice.begin([[OTHER]], 3)
    expect(now().travellers.map(({ nome }) => nome)).toEqual(['Ana', 'João', ''])
    expect(choice.missingOf(now())).toBe(3)
    choice.begin([[OTHER]], 1)
    expect(now().travellers.map(({ nome }) => nome)).toEqual(['Ana'])
  })
})

describe('a total', () => {
  test('is of all legs for all passengers', () => {
    expect(choice.totalOf(now())).toEqual({ moeda: 'BRL', centavos: 50_000, casas: 2 })
  })

  test('is not there over several currencies, nor without legs', () => {
    choice.begin([[ONE, leg('c', 1, 100, 'USD')]], 1)
    expect(choice.totalOf(now())).toBeUndefined()
    choice.begin([], 1)
    expect(choice.totalOf(now())).toBeUndefined()
  })
})

describe('what is sent to hold it', () => {
  beforeEach(() => {
    name(' Ana ', 'João')
    choice.setTraveller(1, { nome: 'João', documento: ' 123.456.789-09 ' })
    choice.setSeats(ONE, [4, 2])
    choice.setSeats(OTHER, [1, 3])
  })

  test('names every seat in the order of the passengers, and leaves out documents that are not there', () => {
    expect(choice.attemptOf(now()).body).toEqual({
      trechos: [
        { company: 'a', id_trecho: 7, id_assento: 4, preco: { centavos: ONE.preco.centavos, moeda: 'BRL' } },
        { company: 'a', id_trecho: 7, id_assento: 2, preco: { centavos: ONE.preco.centavos, moeda: 'BRL' } },
        { company: 'b', id_trecho: 7, id_assento: 1, preco: { centavos: OTHER.preco.centavos, moeda: 'BRL' } },
        { company: 'b', id_trecho: 7, id_assento: 3, preco: { centavos: OTHER.preco.centavos, moeda: 'BRL' } },
      ],
      passageiros: [{ nome: 'Ana' }, { nome: 'João', documento: { tipo: 'cpf', numero: '123.456.789-09' } }],
    })
  })

  test('says what it was shown to cost, and what it costs now once that is agreed to', () => {
    choice.setPrices([{ company: 'b', id: 7, preco: { centavos: 777, moeda: 'BRL', casas: 2 } }])
    expect(now().legs.map(({ preco }) => preco.centavos)).toEqual([ONE.preco.centavos, 777])
    expect(choice.attemptOf(now()).body.trechos[3]?.preco).toEqual({ centavos: 777, moeda: 'BRL' })
    // what was sent is what was agreed to
    choice.setPrices([{ company: 'b', id: 7, preco: { centavos: 888, moeda: 'BRL', casas: 2 } }])
    expect(now().legs[1]?.preco.centavos).toBe(777)
  })

  test('of an exchange names the old seats and their people, and no price', () => {
    const old = ['Ana', 'João'].map((nome, i) => ({ company: 'a', id_trecho: 1, id_assento: i, passageiro: { nome } }))
    const instead = { ticket: 'u', seats: old as choice.Instead['seats'] }
    choice.beginInstead([ONE], instead, { 'a/7': [4, 2] })
    expect(choice.attemptOf(now()).body).toEqual({
      assentos: 'a:0,a:1',
      trechos: [
        { company: 'a', id_trecho: 7, id_assento: 4 },
        { company: 'a', id_trecho: 7, id_assento: 2 },
      ],
      passageiros: [{ nome: 'Ana' }, { nome: 'João' }],
    })
    // their names are theirs: the next trip begins without
    choice.begin([[ONE]], 1)
    expect(now().travellers).toEqual([{ nome: '', documento: '' }])
  })

  test('is the same, with the same key, until it has its answer', () => {
    const first = choice.attemptOf(now())
    expect(first.key).toMatch(/^[0-9a-f]{32}$/)
    expect(choice.attemptOf(now())).toEqual(first)
    choice.dropAttempt()
    const next = choice.attemptOf(now())
    expect(next.body).toEqual(first.body)
    expect(next.key).not.toBe(first.key)
  })

  test.each([
    ['sent', () => void choice.attemptOf(now())],
    ['held', () => choice.setHold('h')],
  ])('changes nothing any more once it is %s', (_, lock) => {
    lock()
    const before = now()
    expect(choice.isLocked(before)).toBe(true)
    choice.setSeats(ONE, [9])
    choice.toggle(OTHER, 1)
    choice.lose(ONE, [4])
    name('Eva')
    expect(now()).toEqual(before)
  })

  test('is open again when the hold ends, and says since when', () => {
    choice.attemptOf(now())
    choice.setHold('h')
    expect(now()).toMatchObject({ hold: 'h' })
    expect(now().attempt).toBeUndefined()
    const before = Date.now()
    choice.setHold(undefined)
    expect(now().freedAt).toBeGreaterThanOrEqual(before)
    expect(choice.isLocked(now())).toBe(false)
    expect(choice.chosenOf(now(), ONE)).toEqual([4, 2])
  })
})
