import { describe, expect, test } from 'vitest'

import type { CheckedSeat } from '../api/schema'
import { standingOf, verdictOf } from './verdict'

type Now = NonNullable<CheckedSeat['agora']>

const NOW = Date.parse('2026-11-27T12:00:00Z')
const TODAY = '2026-11-27T18:00:00-03:00'
const EARLIER = '2026-11-27T07:00:00-03:00'
const TOMORROW = '2026-11-28T07:00:00-03:00'

const seat = (partida: string, estado?: Now['estado'], agora: Partial<Now> = {}): CheckedSeat => ({
  company: 'a',
  voo: 'A1',
  origem: 'GRU',
  destino: 'REC',
  partida,
  numero: 1,
  rotulo: '1A',
  passageiro: 'Ana',
  agora: estado ? { estado, partida, numero: 1, rotulo: '1A', cancelado_pela_companhia: false, ...agora } : null,
})
const verdict = (...trechos: CheckedSeat[]) => verdictOf({ trechos }, NOW)

describe('a seat', () => {
  test.each([
    [seat(TODAY, 'valido'), 'good'],
    [seat(TOMORROW, 'valido'), 'otherDay'],
    [seat(EARLIER, 'realizado'), 'flown'],
    [seat(TODAY, 'cancelado'), 'cancelled'],
    [seat(TODAY, 'trocado'), 'exchanged'],
    [seat(TODAY, 'alterado'), 'changed'],
    [seat(TODAY), 'signature'],
    [seat(TOMORROW), 'otherDay'],
    [seat('2026-11-26T07:00:00-03:00'), 'flown'],
  ] as const)('%# stands as it should', (one, standing) => expect(standingOf(one, NOW)).toBe(standing))

  test('is of today by the clock where it leaves', () => {
    // 23:30 on the 27th in Manaus is the 28th in UTC
    const late = Date.parse('2026-11-28T03:30:00Z')
    expect(standingOf(seat('2026-11-27T23:50:00-04:00', 'valido'), late)).toBe('good')
    expect(standingOf(seat('2026-11-28T00:50:00-03:00', 'valido'), late)).toBe('good')
  })
})

describe('a code', () => {
  test('is good while what leaves today is, whatever was flown before or comes later', () => {
    expect(verdict(seat(EARLIER, 'realizado'), seat(TODAY, 'valido'), seat(TOMORROW, 'cancelado'))).toBe('good')
  })

  test('shows what is wrong with a flight of today before another one that is right', () => {
    expect(verdict(seat(TODAY, 'valido'), seat(TODAY, 'cancelado'))).toBe('cancelled')
    expect(verdict(seat(TODAY, 'alterado', { partida: TOMORROW }))).toBe('changed')
  })

  test('without a flight today is told by the next one, and by the last where there is none', () => {
    expect(verdict(seat(TOMORROW, 'valido'))).toBe('otherDay')
    expect(verdict(seat(TOMORROW, 'cancelado'), seat('2026-11-30T07:00:00-03:00', 'valido'))).toBe('cancelled')
    expect(verdict(seat(EARLIER, 'realizado'))).toBe('flown')
  })

  test('of which nobody was asked is no better than its signature', () => {
    expect(verdict(seat(TODAY))).toBe('signature')
  })
})
