import { expect, test } from 'vitest'

import type { TicketSeat } from '../api/schema'
import { correctable, corrections } from './correct'

const seat = (id: number, nome: string | undefined, more: Partial<TicketSeat> = {}) =>
  ({
    company: 'a',
    id_assento: id,
    partida: '2999-01-01T08:00:00-03:00',
    estado: 'confirmado',
    passageiro: nome ? { nome } : null,
    ...more,
  }) as TicketSeat

test('names of seats that are flown, given back or nobody’s stay', () => {
  const trechos = [
    seat(1, 'Ana Souza'),
    seat(2, 'Ana Souza', { company: 'b' }),
    seat(3, 'Ana Souza', { partida: '2001-01-01T08:00:00-03:00' }),
    seat(4, 'Rui Lima', { estado: 'cancelado' }),
    seat(5, undefined),
  ]
  const people = correctable({ trechos })
  expect(people.map(({ name, seats }) => [name, seats.map(({ id_assento }) => id_assento)])).toEqual([
    ['Ana Souza', [1, 2]],
  ])
})

test('only what was typed as another name is asked for, on each seat of the person', () => {
  const people = correctable({ trechos: [seat(1, 'Ana Sousa'), seat(2, 'Rui Lima'), seat(3, 'Ana Sousa')] })
  expect(corrections(people, [' Ana Souza ', 'Rui Lima'])).toEqual([
    { company: 'a', id_assento: 1, nome: 'Ana Souza' },
    { company: 'a', id_assento: 3, nome: 'Ana Souza' },
  ])
  expect(corrections(people, ['Ana Sousa', 'Rui Lima'])).toEqual([])
})
