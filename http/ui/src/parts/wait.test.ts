import { expect, test } from 'vitest'

import { leftOf, waitOf } from './wait'

test.each([
  ['a page that looked at its clock long before', 0, 30],
  ['the moment it came', 100_000, 30],
  ['a while later', 110_500, 20],
  ['long after', 200_000, 0],
])('%s', (_, now, left) => expect(leftOf({ retryAfter: 30, came: 100_000 }, now)).toBe(left))

test('a refusal that does not say how long is waited for a moment', () => {
  expect(leftOf({ came: 0 }, 0)).toBe(5)
})

test.each([
  [0, '1 s'],
  [42, '42 s'],
  [100, '2 min'],
  [900, '15 min'],
])('%i s', (seconds, said) => expect(waitOf(seconds)).toBe(said))
