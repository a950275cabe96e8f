import { describe, expect, test } from 'vitest'

import type { Seat, SeatMap, TicketSeat } from '../api/schema'
import { awayFromExits, isAtExit, labelOf, labelsOf, ledTo, rowsOf, seatName } from './grid'
import { changed } from './live'

/** A cabin of rows as they look from above: `AB CD`, a space for the aisle, a dot for a place without a seat. */
function cabin(...pictures: string[]): SeatMap {
  const assentos: Seat[] = pictures.flatMap((picture, row) =>
    [...picture.replace(' ', '')].flatMap((letra, column) =>
      letra === '.'
        ? []
        : [{ id: (row + 1) * 10 + column, fileira: row + 1, letra, estado: 'livre', posicao: 'janela' } as Seat],
    ),
  )
  return {
    colunas: [
      ['A', 'B'],
      ['C', 'D'],
    ],
    assentos,
    livres: assentos.length,
    versao: '1.1',
  } as SeatMap
}

const MAP = cabin('.B C.', 'AB CD', 'AB CD', 'AB CD', 'AB CD', 'AB CD', 'AB CD', '.. C.')
const ROWS = rowsOf(MAP)

function led(from: string, key: string, withControl = false): string | undefined {
  const seat = MAP.assentos.find((one) => labelOf(one) === from)
  if (!seat) throw new Error(`no seat ${from}`)
  const to = ledTo(ROWS, seat, key, withControl)
  return to && labelOf(to)
}

describe('a suggestion', () => {
  const map = { ...cabin('AB CD', 'AB CD', 'AB CD'), saidas: [1] }
  const taken = {
    ...map,
    assentos: map.assentos.map((seat) => (seat.fileira > 1 ? { ...seat, estado: 'vendido' as const } : seat)),
  }

  test('stays as it is away from exits, and is led away from them', () => {
    expect(awayFromExits(map, [22, 23])).toEqual([22, 23])
    expect(awayFromExits(map, [10, 11])).toEqual([20, 21])
    expect(isAtExit(map, [10])).toBe(true)
    expect(isAtExit(map, [20])).toBe(false)
  })

  test('is at an exit where nothing else is free', () => {
    expect(awayFromExits(taken, [10, 11])).toEqual([10, 11])
  })

  test('is of single seats where no neighbours are free', () => {
    const odd = map.assentos.map((seat) => (seat.id % 2 === 1 ? { ...seat, estado: 'vendido' as const } : seat))
    expect(awayFromExits({ ...map, assentos: odd }, [10, 12])).toEqual([20, 22])
  })
})

describe('rows', () => {
  test('have a place for every column, also without a seat', () => {
    expect(ROWS[0]?.seats.map((seat) => seat && labelOf(seat))).toEqual([undefined, '1B', '1C', undefined])
  })

  test('are in order, whatever the order of the seats', () => {
    const turned = rowsOf({ ...MAP, assentos: [...MAP.assentos].reverse() })
    expect(turned.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(turned).toEqual(ROWS)
  })
})

test('labels are in the order asked for, and of seats that are there', () => {
  expect(labelsOf(MAP, [23, 999, 11])).toEqual(['2D', '1B'])
  expect(labelsOf(undefined, [23])).toEqual([])
})

test('a seat of a ticket is called by row and letter, or by its number', () => {
  expect(seatName({ numero: 57, fileira: 10, letra: 'C' } as TicketSeat)).toBe('10C')
  expect(seatName({ numero: 57 } as TicketSeat)).toBe('57')
})

test.each([
  ['2B', 'ArrowLeft', '2A'],
  ['2B', 'ArrowRight', '2C'],
  ['2A', 'ArrowLeft', undefined],
  ['1B', 'ArrowLeft', undefined],
  ['1C', 'ArrowRight', undefined],
  ['2C', 'ArrowUp', '1C'],
  ['2C', 'ArrowDown', '3C'],
  ['1B', 'ArrowUp', undefined],
  ['8C', 'ArrowDown', undefined],
  // the nearest seat of a row with gaps
  ['2A', 'ArrowUp', '1B'],
  ['7A', 'ArrowDown', '8C'],
  ['8C', 'PageUp', '3C'],
  ['3D', 'PageUp', '1C'],
  ['2B', 'PageDown', '7B'],
  ['7A', 'PageDown', '8C'],
  ['2C', 'Home', '2A'],
  ['1C', 'Home', '1B'],
  ['2B', 'End', '2D'],
  ['8C', 'End', '8C'],
  ['2A', 'x', undefined],
])('from %s %s leads to %s', (from, key, to) => expect(led(from, key)).toBe(to))

test('with Control, Home and End lead to the first and the last seat of all', () => {
  expect([led('4B', 'Home', true), led('4B', 'End', true)]).toEqual(['1B', '8C'])
})

test('an event changes the seats it names, and leaves the others what they were', () => {
  const next = changed(MAP, { versao: '1.2', livres: 3, assentos: [{ id: 20, numero: 5, estado: 'vendido' }] })
  expect(next).toMatchObject({ versao: '1.2', livres: 3 })
  expect(next.assentos.filter((seat, i) => seat !== MAP.assentos[i]).map(labelOf)).toEqual(['2A'])
  expect(next.assentos.find(({ id }) => id === 20)?.estado).toBe('vendido')
})
