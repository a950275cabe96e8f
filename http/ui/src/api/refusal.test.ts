import { describe, expect, test } from 'vitest'

import { en } from '../i18n/en'
import { pt } from '../i18n/pt'
import { sentenceOf, whyOf } from '../parts/Failure'
import { isRefusal, Refusal } from './refusal'

const answer = (status: number) => ({ status }) as Response
const refused = (slug: string, status: number, more: object = {}) =>
  Refusal.of({ type: `https://passcom.invalid/problems/${slug}`, message: 'm', ...more }, answer(status))

describe('a refusal', () => {
  test('is named by the end of its type, and keeps what the server said', () => {
    const refusal = refused('seat-taken', 409, { detail: 'O assento 1A já foi vendido.', company: 'b', id_assento: 3 })
    expect([refusal.slug, refusal.status]).toEqual(['seat-taken', 409])
    expect(refusal.problem).toMatchObject({ company: 'b', id_assento: 3 })
    expect(refusal.sentence).toBe('O assento 1A já foi vendido.')
  })

  test('of an open outcome says its message: its detail is an address', () => {
    expect(refused('outcome-unknown', 503, { detail: '/reservas/u' }).sentence).toBe('m')
  })

  test('without a detail says its message', () => expect(refused('seat-busy', 409).sentence).toBe('m'))

  test.each([undefined, null, '<html>', 7])('that is no problem (%j) is a fault of the server', (body) => {
    const refusal = Refusal.of(body, answer(502))
    expect([refusal.slug, refusal.status, refusal.sentence]).toEqual(['internal', 502, undefined])
  })

  test('says when another try is welcome, where the server does', () => {
    const told = (headers: object) => Refusal.of({}, { status: 429, headers: new Headers({ ...headers }) } as Response)
    expect(told({ 'retry-after': '7' }).retryAfter).toBe(7)
    expect(told({}).retryAfter).toBeUndefined()
  })

  test('is told from other errors, and by its name', () => {
    expect(isRefusal(new Error('x'))).toBe(false)
    expect(isRefusal(refused('seat-busy', 409))).toBe(true)
    expect(isRefusal(refused('seat-busy', 409), 'seat-taken', 'seat-busy')).toBe(true)
    expect(isRefusal(refused('seat-busy', 409), 'seat-taken')).toBe(false)
  })
})

/** What the page may do after each: send it again, count with its having been done, take it for not having been read. */
test.each([
  ['no answer', Refusal.unreachable(), { mayRepeat: true, leavesOpen: true, isAtTheDoor: false }],
  ['internal', refused('internal', 500), { mayRepeat: true, leavesOpen: true, isAtTheDoor: false }],
  ['outcome-unknown', refused('outcome-unknown', 503), { mayRepeat: true, leavesOpen: true, isAtTheDoor: false }],
  ['company-down', refused('company-down', 503), { mayRepeat: true, leavesOpen: false, isAtTheDoor: false }],
  ['overloaded', refused('overloaded', 503), { mayRepeat: true, leavesOpen: false, isAtTheDoor: true }],
  ['still-running', refused('still-running', 409), { mayRepeat: true, leavesOpen: true, isAtTheDoor: false }],
  ['seat-busy', refused('seat-busy', 409), { mayRepeat: true, leavesOpen: false, isAtTheDoor: false }],
  ['too-many-requests', refused('too-many-requests', 429), { mayRepeat: true, leavesOpen: false, isAtTheDoor: true }],
  ['too-many-holds', refused('too-many-holds', 429), { mayRepeat: false, leavesOpen: false, isAtTheDoor: false }],
  ['request-timeout', refused('request-timeout', 408), { mayRepeat: true, leavesOpen: false, isAtTheDoor: true }],
  ['invalid-token', refused('invalid-token', 401), { mayRepeat: false, leavesOpen: false, isAtTheDoor: true }],
  ['seat-taken', refused('seat-taken', 409), { mayRepeat: false, leavesOpen: false, isAtTheDoor: false }],
])('%s', (_, refusal, may) => expect(refusal).toMatchObject(may))

test('people read the server’s sentence, or ours where there is none', () => {
  const said = refused('seat-taken', 409, { detail: 'O assento já foi vendido.' })
  expect(sentenceOf(pt, said)).toBe('O assento já foi vendido.')
  expect(sentenceOf(pt, Refusal.unreachable())).toBe('Sem resposta do servidor. Verifique sua conexão.')
  expect(sentenceOf(en, Refusal.unreachable())).toBe('The server does not answer. Check your connection.')
  expect(sentenceOf(en, new TypeError('x is undefined'))).toBe('That did not work')
  expect([whyOf(pt, 'seat-taken'), whyOf(en, 'seat-taken')]).toEqual([
    'o assento já foi vendido',
    'the seat has already been sold',
  ])
  expect(whyOf(en, 'a-new-one')).toBe('a-new-one')
})
