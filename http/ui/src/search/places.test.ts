import { describe, expect, test } from 'vitest'

import type { Airport } from '../api/schema'
import { folded, found as foundBy, near, placeOf, suggestions, textOf } from './places'

const airport = (iata: string, cidade: string, nome: string, ...apelidos: string[]) =>
  ({ iata, cidade, nome, nomes: { 'pt-BR': nome, en: `${nome} Airport` }, apelidos }) as unknown as Airport
const WORDS = { language: 'pt-BR', allAirports: 'todos os aeroportos', before: 'Antes' } as const
const AIRPORTS = [
  airport('POA', 'Porto Alegre', 'Salgado Filho'),
  airport('GRU', 'São Paulo', 'Guarulhos', 'Sampa'),
  airport('MCZ', 'Maceió', 'Zumbi dos Palmares'),
  airport('CGH', 'São Paulo', 'Congonhas', 'Sampa'),
  airport('AUX', 'Araguaína', 'Araguaína'),
]
const ALL = suggestions(AIRPORTS, WORDS)

const found = (typed: string) => foundBy(ALL, typed).map(({ text }) => text)

test('accents, case and spaces around do not matter', () => {
  expect(folded('  SÃO João d’Aliança ')).toBe('sao joao d’alianca')
})

describe('suggestions', () => {
  test('are one for each airport, the largest cities first, after one for a city of several', () => {
    expect(ALL.map(({ text, detail }) => [text, detail])).toEqual([
      ['São Paulo', 'todos os aeroportos'],
      ['São Paulo (GRU)', 'Guarulhos'],
      ['São Paulo (CGH)', 'Congonhas'],
      ['Porto Alegre (POA)', 'Salgado Filho'],
      ['Maceió (MCZ)', 'Zumbi dos Palmares'],
      ['Araguaína (AUX)', 'Araguaína'],
    ])
  })

  test('are in the language of the page, and begin with where one was before', () => {
    const english = { ...WORDS, language: 'en', before: 'Before' } as const
    const all = suggestions(AIRPORTS, english, ['Araguaína (AUX)', 'Nowhere (XXX)', 'São Paulo'])
    expect(all.slice(0, 3).map(({ text, detail }) => [text, detail])).toEqual([
      ['Araguaína (AUX)', 'Before · Araguaína Airport'],
      ['São Paulo', 'Before · todos os aeroportos'],
      ['São Paulo (GRU)', 'Guarulhos Airport'],
    ])
    expect(all).toHaveLength(ALL.length)
  })

  test.each([
    ['sao', ['São Paulo', 'São Paulo (GRU)', 'São Paulo (CGH)']],
    ['PAULO são', ['São Paulo', 'São Paulo (GRU)', 'São Paulo (CGH)']],
    ['maceio', ['Maceió (MCZ)']],
    ['gru', ['São Paulo (GRU)']],
    ['congon', ['São Paulo (CGH)']],
    ['São Paulo (CGH)', ['São Paulo (CGH)']],
    ['recife', []],
    ['sampa', ['São Paulo', 'São Paulo (GRU)', 'São Paulo (CGH)']],
  ])('for %s are %j', (typed, texts) => expect(found(typed)).toEqual(texts))
})

test('of several that fit come first: a code, a nickname, the larger city', () => {
  const all = suggestions(
    [
      airport('RBR', 'Rio Branco', 'Plácido de Castro'),
      airport('GIG', 'Rio de Janeiro', 'Galeão'),
      airport('CNF', 'Belo Horizonte', 'Confins', 'BH', 'Beagá'),
      airport('RIA', 'Santa Maria', 'Santa Maria'),
    ],
    WORDS,
  )
  const first = (typed: string) => foundBy(all, typed)[0]?.iata
  expect([first('rio'), first('ria'), first('BH'), first('rio b')]).toEqual(['gig', 'ria', 'cnf', 'rbr'])
})

test('near are airports that one would travel to, the nearest first', () => {
  const at = (iata: string, latitude: number, longitude: number) => ({
    ...airport(iata, iata, iata),
    latitude,
    longitude,
  })
  const all = [at('JPA', -7.15, -34.95), at('REC', -8.13, -34.92), at('NAT', -5.77, -35.38), at('GRU', -23.43, -46.47)]
  expect(near(all, ['JPA']).map(({ iata }) => iata)).toEqual(['REC', 'NAT'])
  expect(near(all, ['XXX'])).toEqual([])
})

test.each([
  ['BH', 'BH'],
  ['Sampa ', 'Sampa'],
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
