import { expect, test } from 'vitest'

import { joined } from './recent'

test('the last places come first, each once, and no more than four', () => {
  expect(joined(['Recife (REC)', ' Natal (NAT) ', ''], ['Natal (NAT)', 'Belém (BEL)'])).toEqual([
    'Recife (REC)',
    'Natal (NAT)',
    'Belém (BEL)',
  ])
  expect(joined(['a', 'b'], ['c', 'd', 'e'])).toEqual(['a', 'b', 'c', 'd'])
})
