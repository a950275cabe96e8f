import { expect, test } from 'vitest'

import { grouped, isLocator, spelt, typed } from './letters'

test('a locator is shown in two groups, and said letter by letter', () => {
  expect([grouped('QWERTZ'), spelt('QWERTZ')]).toEqual(['QWE RTZ', 'Q, W, E, R, T, Z'])
})

test.each(['QWERTZ', 'qwe rtz', ' Qwe-Rtz '])('%j is one as people type it', (text) => {
  expect([isLocator(text), typed(text)]).toEqual([true, 'QWERTZ'])
})

test.each(['', 'QWERT', 'QWERTZU', 'ÇWERTZ'])('%j is none', (text) => expect(isLocator(text)).toBe(false))
