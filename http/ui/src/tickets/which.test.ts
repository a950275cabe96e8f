import { describe, expect, it } from 'vitest'

import type { TicketSeat } from '../api/schema'
import { hasLeft, shownState } from './flown'
import { leavesGap } from './which'

type Change = NonNullable<TicketSeat['alteracao']>

const PLACES = ['POA', 'GRU', 'REC', 'JPA', 'FOR']

/** The `n`th flight of a way, of somebody. */
const seat = (n: number, nome: string) =>
  ({
    company: 'a',
    id_trecho: n,
    origem_iata: PLACES[n],
    destino_iata: PLACES[n + 1],
    partida: `2026-12-01T0${n}:00:00-03:00`,
    chegada: `2026-12-01T0${n}:50:00-03:00`,
    estado: 'confirmado',
    passageiro: { nome },
  }) as TicketSeat

const flight = (change: Partial<TicketSeat> = {}) => ({ ...seat(1, 'Ana'), ...change })

describe('cancelling a part', () => {
  const ana = [0, 1, 2].map((n) => seat(n, 'Ana'))
  const all = [...ana, ...[0, 1, 2].map((n) => seat(n, 'João'))]

  it('leaves a gap where one of the middle goes, for anybody', () => {
    expect(leavesGap(all, all.slice(1, 2))).toBe(true)
    expect(leavesGap(all, [...ana, ...all.slice(4, 5)])).toBe(true)
  })

  it('leaves none where it ends sooner, begins later, or all is gone', () => {
    for (const gone of [[], all, ana, all.slice(0, 2), all.slice(2, 3), all.slice(0, 1)])
      expect(leavesGap(all, gone)).toBe(false)
  })
})

describe('a flight that has left', () => {
  const [before, after] = ['2026-12-01T00:59:00-03:00', '2026-12-01T01:00:00-03:00'].map(Date.parse)

  it('is flown from its departure on, by the clock of the server', () => {
    expect([hasLeft(flight(), before), hasLeft(flight(), after)]).toEqual([false, true])
  })

  it('is none that was cancelled, withdrawn, or leaves later now', () => {
    const alteracao = { partida: '2026-12-01T05:00:00-03:00', cancelado_pela_companhia: false }
    expect(hasLeft(flight({ estado: 'cancelado' }), after)).toBe(false)
    expect(hasLeft(flight({ alteracao: alteracao as Change }), after)).toBe(false)
    const withdrawn = { ...alteracao, partida: flight().partida, cancelado_pela_companhia: true }
    expect(hasLeft(flight({ alteracao: withdrawn as Change }), after)).toBe(false)
  })

  it('is none of a ticket that was exchanged, which says so', () => {
    const given = { motivo: 'trocado-por-outro-voo' } as NonNullable<TicketSeat['reembolso']>
    const gone = flight({ estado: 'cancelado', reembolso: given })
    expect(shownState({ estado: 'cancelada', trechos: [gone] })).toBe('trocada')
    expect(shownState({ estado: 'cancelada', trechos: [gone, flight({ estado: 'cancelado' })] })).toBe('cancelada')
  })

  it('makes a ticket flown with the last one', () => {
    const of = (trechos: TicketSeat[]) => shownState({ estado: 'parcial', trechos }, after)
    expect(of([flight(), flight({ estado: 'cancelado' })])).toBe('realizada')
    expect(of([flight(), seat(2, 'Ana')])).toBe('parcial')
  })
})
