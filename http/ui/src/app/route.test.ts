import { expect, test } from 'vitest'

import { routeOf } from './route'

test.each([
  ['', [''], ''],
  ['#/', [''], ''],
  ['#/passagens', ['passagens'], ''],
  ['#/passagens/1-2?x=y', ['passagens', '1-2'], 'x=y'],
  ['#/?origem=S%C3%A3o+Paulo', [''], 'origem=S%C3%A3o+Paulo'],
  ['#/bilhete/a%2Fb', ['bilhete', 'a/b'], ''],
  // no encoding at all: taken as it is
  ['#/bilhete/100%', ['bilhete', '100%'], ''],
])('%s leads to %j', (hash, parts, query) => {
  const route = routeOf(hash)
  expect(route.parts).toEqual(parts)
  expect(route.query.toString()).toBe(query)
})
