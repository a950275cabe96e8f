import { describe, expect, test } from 'vitest'

import type { Airport } from '../api/schema'
import { folded, matches, placeOf, suggestions, textOf } from './places'

const airport = (iata: string, cidade: string, nome: string) => ({ iata, cidade, nome }) as Airport
const AIRPORTS = [
  airport('POA', 'Porto Alegre', 'Salgado Filho'),
  airport('GRU', 'São Paulo', 'Guarulhos'),
  airport('MCZ', 'Maceió', 'Zumbi dos Palmares'),
  airport('CGH', 'São Paulo', 'Congonhas'),
  airport('AUX', 'Araguaína', 'Araguaína'),
]
const ALL = suggestions(AIRPORTS, 'todos os aeroportos')

const found = (typed: string) => ALL.filter((one) => matches(one, typed)).map(({ text }) => text)

test('accents, case and spaces around do not matter', () => {
  expect(folded('  SÃO João d’Aliança ')).toBe('sao joao d’alianca')
})

describe('suggestions', () => {
  test('are one for each airport, by city, after one for a city of several', () => {
    expect(ALL.map(({ text, detail }) => [text, detail])).toEqual([
      ['Araguaína (AUX)', 'Araguaína'],
      ['Maceió (MCZ)', 'Zumbi dos Palmares'],
      ['Porto Alegre (POA)', 'Salgado Filho'],
      ['São Paulo', 'todos os aeroportos'],
      ['São Paulo (GRU)', 'Guarulhos'],
      ['São Paulo (CGH)', 'Congonhas'],
    ])
  })

  test.each([
    ['sao', ['São Paulo', 'São Paulo (GRU)', 'São Paulo (CGH)']],
    ['PAULO são', ['São Paulo', 'São Paulo (GRU)', 'São Paulo (CGH)']],
    ['maceio', ['Maceió (MCZ)']],
    ['gru', ['São Paulo (GRU)']],
    ['congon', ['São Paulo (CGH)']],
    ['São Paulo (CGH)', ['São Paulo (CGH)']],
    ['recife', []],
  ])('for %s are %j', (typed, texts) => expect(found(typed)).toEqual(texts))
})

test.each([
  ['São Paulo (GRU)', 'GRU'],
  ['São Paulo (GRU)  ', 'GRU'],
  [' São Paulo ', 'São Paulo'],
  ['gru', 'gru'],
  ['Feira (antiga)', 'Feira (antiga)'],
  ['', ''],
])('the server is asked for %j as %j', (text, place) => expect(placeOf(text)).toBe(place))

test.each([
  ['GRU', 'São Paulo (GRU)'],
  ['gru', 'São Paulo (GRU)'],
  ['São Paulo', 'São Paulo'],
  ['XXX', 'XXX'],
])('%s of the address is written as %s', (place, text) => expect(textOf(place, AIRPORTS)).toBe(text))
