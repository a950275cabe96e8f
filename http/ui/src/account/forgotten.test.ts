import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { routeOf } from '../app/route'
import { ASK, ENTER, isCode, isForgotten } from './forgotten'

test.each(['12345678', '0012 0034', ' 0012-0034 ', '0012\u{a0}0034', '0 0 1 2 0 0 3 4'])('%j is a code', (text) =>
  expect(isCode(text)).toBe(true),
)

test.each(['', '1234567', '123456789', '1234567x', '+1234567', '１２３４５６７８'])('%j is none', (text) =>
  expect(isCode(text)).toBe(false),
)

test.each([
  [ASK, true],
  [ENTER, true],
  ['#/senha?x=y', true],
  ['#/', false],
  ['#/senhas', false],
  ['#/passagens/senha', false],
])('%s is of a forgotten password: %j', (hash, is) => expect(isForgotten(routeOf(hash).parts)).toBe(is))

/** A tab: its address, and what a reload finds. */
let hash: string
let storage: Map<string, string>

beforeEach(() => {
  hash = ''
  storage = new Map()
  vi.stubGlobal('window', {
    sessionStorage: {
      getItem: (key: string) => storage.get(key) ?? null,
      setItem: (key: string, value: string) => storage.set(key, value),
    },
  })
  vi.stubGlobal('location', {
    get hash() {
      return hash
    },
    set hash(to: string) {
      hash = to
    },
  })
  vi.stubGlobal('history', { replaceState: (_: unknown, __: string, to: string) => (hash = to) })
  vi.stubGlobal('HashChangeEvent', Event)
  vi.stubGlobal('dispatchEvent', () => true)
})
afterEach(() => void vi.unstubAllGlobals())

async function reloaded() {
  vi.resetModules()
  return import('./forgotten')
}

test('whoever has another password goes on where they were, also after a reload', async () => {
  hash = '#/assentos'
  const before = await reloaded()
  before.noteForgotten(' ana ')
  hash = before.ASK
  // once more, from the sign-in over this page
  before.noteForgotten('ana')
  before.toCode('ana', true)
  expect(hash).toBe('#/senha/codigo')
  const after = await reloaded()
  after.goOn()
  expect(hash).toBe('#/assentos')
  expect([...storage.values()].join()).not.toContain('ana')
})

test('whoever came by an address goes on to the search', async () => {
  hash = '#/senha/codigo'
  const page = await reloaded()
  page.goOn()
  expect(hash).toBe('#/')
})
