import { expect, test } from 'vitest'

import { ruleOf, surplus } from './rules'

const NODE = 'https://a.example'
const UUID = '018f2f6e-0000-7000-8000-000000000001'
const of = (path: string, method = 'GET') => ruleOf({ method, url: new URL(path, NODE).href, mode: 'cors' }, NODE)

test.each([
  ['/', 'page'],
  ['/?x=1#/passagens', 'page'],
  ['/assets/index-abc.js', 'file'],
  ['/chaves', 'common'],
  ['/companhias', 'common'],
  ['/passagens', 'own'],
  ['/passagens?cursor=x', 'own'],
  [`/passagens/${UUID}`, 'own'],
  [`/passagens/${UUID}/bilhete.pdf?idioma=en`, 'own'],
  // what is asked before something is done is asked of the node alone
  [`/passagens/${UUID}/cancelamento`, 'none'],
  ['/passagens/procurar', 'none'],
  ['/retencoes', 'none'],
  ['/rotas?origem=GRU', 'none'],
  ['/conta/dados', 'none'],
  ['/bilhetes/abc', 'none'],
])('%s is answered by the rule %s', (path, rule) => expect(of(path)).toBe(rule))

test('what changes something, and what others serve, is left alone', () => {
  expect(of('/passagens', 'POST')).toBe('none')
  expect(of('https://b.example/passagens')).toBe('none')
})

test('what is kept has a bound: the oldest go', () => {
  expect(surplus([1, 2, 3], 2)).toEqual([1])
  expect(surplus([1, 2], 2)).toEqual([])
})
