import { describe, expect, test } from 'vitest'

import { cursorOf, missingOf, seatMap } from './queries'
import type { SeatMap } from './schema'

describe('a seat map', () => {
  const keep = seatMap({ company: 'a', id: 1 }).structuralSharing as (old: unknown, next: unknown) => unknown
  const map = (versao: string) => ({ versao }) as SeatMap

  test.each([
    ['5f2c.17', '5f2c.18', '5f2c.18'],
    ['5f2c.18', '5f2c.17', '5f2c.18'],
    // by number, not by text
    ['5f2c.9', '5f2c.10', '5f2c.10'],
    // another start of the node counts from the beginning
    ['5f2c.17', '6a01.1', '6a01.1'],
  ])('of version %s that meets %s is of %s', (old, next, kept) => {
    expect(keep(map(old), map(next))).toEqual(map(kept))
  })

  test('that says nothing new is the same object', () => {
    const old = map('5f2c.17')
    expect(keep(old, map('5f2c.17'))).toBe(old)
    expect(keep(undefined, old)).toBe(old)
  })
})

test.each([
  ['</passagens?cursor=abc%3D>; rel="next"', 'abc='],
  ['<http://127.0.0.1:8081/passagens?limite=5&cursor=x>; rel=next', 'x'],
  ['</passagens>; rel="next"', undefined],
  ['</passagens?cursor=abc>; rel="prev"', undefined],
  [null, undefined],
])('the link %s leads on from %s', (link, cursor) => expect(cursorOf(link)).toBe(cursor))

test.each([
  ['b', ['b']],
  ['b, c', ['b', 'c']],
  ['', []],
  [undefined, []],
])('the header %j names the companies %j', (names, companies) => {
  expect(missingOf(new Headers(names === undefined ? {} : { 'x-companhias-indisponiveis': names }))).toEqual(companies)
})
