import { describe, expect, it } from 'vitest'

import type { FlightChange, PassengerRights, TicketSeat } from '../api/schema'
import { isOwed, owedOf, owedWays } from './owed'

const OWED: PassengerRights = { aceitar: false, remarcar: true, reembolso_integral: true, perde_conexao: false }
const CHANGED: FlightChange = {
  sequencia: 1,
  partida: '2026-12-01T09:00:00-03:00',
  chegada: '2026-12-01T10:00:00-03:00',
  cancelado_pela_companhia: true,
  assento: null,
  avisada_em: '2026-11-20T09:00:00Z',
  aceita: false,
}

/** A seat on the leg `n`, of a company, on a day of December, of somebody. */
function seat(company: string, n: number, ends: [string, string], day: number, who: string | null, owed = true) {
  const date = `2026-12-${String(day).padStart(2, '0')}`
  return {
    id_trecho: n,
    id_assento: n * 10 + (who ?? '').length,
    numero: 1,
    company,
    origem: ends[0],
    destino: ends[1],
    origem_iata: ends[0],
    destino_iata: ends[1],
    voo: `${company}${n}`,
    partida: `${date}T0${n}:00:00-03:00`,
    chegada: `${date}T0${n}:50:00-03:00`,
    preco: { centavos: 100, moeda: 'BRL', casas: 2 },
    passageiro: who === null ? null : { nome: who },
    estado: 'confirmado',
    ...(owed && { direitos: OWED }),
  } as TicketSeat
}

const summary = (trechos: TicketSeat[]) =>
  owedWays({ trechos }).map(({ seats, people }) => ({ flights: seats.map(({ voo }) => voo), people }))

describe('what is owed', () => {
  it('is a way of all who fly it together', () => {
    const all = ['Ana', 'João'].flatMap((who) => [
      seat('a', 1, ['POA', 'GRU'], 1, who),
      seat('b', 2, ['GRU', 'JPA'], 1, who),
    ])
    expect(summary(all)).toEqual([{ flights: ['a1', 'a1', 'b2', 'b2'], people: 2 }])
  })

  it('is out and back one by one, and nothing for a way that nobody changed', () => {
    const out = seat('a', 1, ['POA', 'GRU'], 1, 'Ana')
    const back = seat('b', 2, ['GRU', 'POA'], 5, 'Ana')
    expect(summary([out, back])).toEqual([
      { flights: ['a1'], people: 1 },
      { flights: ['b2'], people: 1 },
    ])
    expect(summary([out, { ...back, direitos: { ...OWED, remarcar: false } }])).toHaveLength(1)
    expect(summary([{ ...out, estado: 'cancelado' }])).toEqual([])
  })

  it('is apart for people whose flights differ, and together for those whom nobody named', () => {
    const ana = [seat('a', 1, ['POA', 'GRU'], 1, 'Ana'), seat('b', 2, ['GRU', 'JPA'], 1, 'Ana')]
    const gone = { ...seat('b', 2, ['GRU', 'JPA'], 1, 'João'), estado: 'cancelado' as const }
    expect(summary([...ana, seat('a', 1, ['POA', 'GRU'], 1, 'João'), gone])).toHaveLength(2)
    const unnamed = [seat('a', 1, ['POA', 'GRU'], 1, null), seat('a', 1, ['POA', 'GRU'], 1, null)]
    expect(summary(unnamed)).toEqual([{ flights: ['a1', 'a1'], people: 2 }])
  })
})

describe('which flights may be taken', () => {
  const old = { ...seat('a', 1, ['POA', 'GRU'], 1, 'Ana'), alteracao: CHANGED }
  const [way] = owedWays({ trechos: [old] })
  if (!way) throw new Error('nothing is owed')
  const owed = owedOf({ uuid: 'u', trechos: [old] }, way, 0)
  const legs = (company: string, day: number, id = 7) => ({
    trechos: [{ ...seat(company, 1, ['POA', 'GRU'], day, null), id, livres: 1, lugares: 1, equipamento: '' }],
  })

  it('is of any company for a week, and later of who changed something', () => {
    expect(owed.lastDay).toBe('2026-12-08')
    expect(isOwed(legs('b', 8), owed)).toBe(true)
    expect(isOwed(legs('b', 9), owed)).toBe(false)
    expect(isOwed(legs('a', 30), owed)).toBe(true)
  })

  it('is not the flight that the passenger has', () => {
    expect(isOwed(legs('a', 1, 1), owed)).toBe(false)
    expect(isOwed(legs('a', 2, 2), owed)).toBe(true)
  })
})
