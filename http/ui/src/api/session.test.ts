import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { noticeEnd } from './client'
import * as session from './session'

const NOW = Date.parse('2026-05-01T12:00:00Z')
const REFUSED = { status: 401 } as Response

/** A token that was given an hour ago by a clock that is wrong, and lives so many seconds. */
function tokenOf(claims: object): string {
  return `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`
}

const begin = (access_token: string) => session.begin('ana', { access_token, user_uuid: 'u' })
const dueAfter = (seconds: number) => {
  vi.setSystemTime(NOW + seconds * 1000)
  return session.due() !== undefined
}

beforeEach(() => void vi.useFakeTimers({ now: NOW }))
afterEach(() => {
  session.leave()
  vi.useRealTimers()
})

test.each([
  [
    'says it lives 100 s, by a clock that is not ours, in signs of a URL',
    tokenOf({ iat: 5_000, exp: 5_100, nome: '>?>?>?' }),
    60,
  ],
  ['says no end', tokenOf({ iat: 5_000 }), 540],
  ['is over when it comes', tokenOf({ iat: 5_000, exp: 5_000 }), 540],
  ['says nothing that can be read', 'no token', 540],
])('a token that %s is renewed in time', (_, token, seconds) => {
  begin(token)
  expect([dueAfter(seconds - 1), dueAfter(seconds)]).toEqual([false, true])
  expect(session.due()).toMatchObject({ login: 'ana', token })
})

test('a session ends with the refusal of its own token only', () => {
  begin('old')
  begin('new')
  noticeEnd('Bearer old', REFUSED)
  noticeEnd(undefined, REFUSED)
  noticeEnd('Bearer new', { status: 403 } as Response)
  expect(session.token()).toBe('new')
  noticeEnd('Bearer new', REFUSED)
  expect(session.token()).toBeUndefined()
})

test('nobody is signed in after leaving, and nothing is due', () => {
  begin('one')
  session.leave()
  session.end()
  expect([session.token(), dueAfter(86_400)]).toEqual([undefined, false])
})
