import { expect, test } from 'vitest'

import type { FlightChange, TicketSeat } from '../api/schema'
import { changedFlights } from './changed'

const seat = (id_trecho: number, more: Partial<TicketSeat> = {}) =>
  ({ company: 'a', id_trecho, id_assento: id_trecho * 1024 + 1, estado: 'confirmado', ...more }) as TicketSeat
const alteracao = { sequencia: 1, aceita: false } as FlightChange
const direitos = { aceitar: true, remarcar: true, reembolso_integral: true, perde_conexao: false }

test('a flight as it was sold is none that changed, nor one that was given back', () => {
  expect(changedFlights({ trechos: [seat(1), seat(2, { alteracao, estado: 'cancelado' })] })).toEqual([])
})

test('a flight is told once, with all of its seats', () => {
  const trechos = [seat(1, { alteracao }), seat(2), seat(1, { alteracao, id_assento: 9 })]
  const flights = changedFlights({ trechos })
  expect(flights.map(({ seats }) => seats.length)).toEqual([2])
})

test('it is settled once nothing is left to be done about it', () => {
  const settled = (more: Partial<TicketSeat>) =>
    changedFlights({ trechos: [seat(1, { alteracao, ...more })] }).map(({ isSettled }) => isSettled)
  expect(settled({ direitos })).toEqual([false])
  expect(settled({ direitos: { ...direitos, aceitar: false } })).toEqual([false])
  expect(settled({})).toEqual([true])
})
