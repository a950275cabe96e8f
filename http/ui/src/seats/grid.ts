// Where the seats of a map stand, and where the arrow keys lead.

import type { Seat, SeatMap, TicketSeat } from '../api/schema'

/** The seats of a row by column; a short row has gaps. */
export interface Row {
  number: number
  seats: Array<Seat | undefined>
}

/** Rows that PageUp and PageDown pass. */
const PAGE_ROWS = 5

export const labelOf = ({ fileira, letra }: Seat) => `${fileira}${letra}`

/** `14C`; the bare number of a seat that the cabin of its leg has no more. */
export function seatName({ fileira, letra, numero }: TicketSeat): string {
  return fileira !== undefined && letra !== undefined ? `${fileira}${letra}` : String(numero)
}

export function labelsOf(map: SeatMap | undefined, ids: number[]): string[] {
  const seats = new Map(map?.assentos.map((seat) => [seat.id, seat]))
  return ids.map((id) => seats.get(id)).flatMap((seat) => (seat ? [labelOf(seat)] : []))
}

/**
 * The seats of a suggestion, unless some of them are at an exit: then as many neighbours in one row elsewhere, or else the first
 * free ones. Whoever sits at an exit must have agreed to help.
 */
export function awayFromExits(map: SeatMap, suggested: number[]): number[] {
  const atExit = (seat: Seat) => seat.saida || map.saidas.includes(seat.fileira)
  const seats = new Map(map.assentos.map((seat) => [seat.id, seat]))
  if (!suggested.some((id) => seats.get(id) && atExit(seats.get(id) as Seat))) return suggested
  const isOpen = (seat: Seat | undefined): seat is Seat => seat?.estado === 'livre' && !atExit(seat)
  const rows = rowsOf(map)
  for (const { seats } of rows) {
    for (let at = 0; at + suggested.length <= seats.length; at++) {
      const together = seats.slice(at, at + suggested.length)
      if (together.every(isOpen)) return together.map(({ id }) => id)
    }
  }
  const open = rows.flatMap(({ seats }) => seats.filter(isOpen)).map(({ id }) => id)
  return open.length < suggested.length ? suggested : open.slice(0, suggested.length)
}

export const isAtExit = (map: SeatMap | undefined, ids: number[]): boolean =>
  map?.assentos.some((seat) => ids.includes(seat.id) && (seat.saida || map.saidas.includes(seat.fileira))) ?? false

export function rowsOf({ colunas, assentos }: SeatMap): Row[] {
  const column = new Map(colunas.flat().map((letter, i) => [letter, i]))
  const rows = new Map<number, Row>()
  for (const seat of assentos) {
    const row = rows.get(seat.fileira) ?? {
      number: seat.fileira,
      seats: Array.from({ length: column.size }, () => undefined),
    }
    const at = column.get(seat.letra)
    if (at !== undefined) row.seats[at] = seat
    rows.set(seat.fileira, row)
  }
  return [...rows.values()].sort((one, other) => one.number - other.number)
}

/** The seat that a key leads to from this one; none if the key is no way. */
export function ledTo(rows: Row[], from: Seat, key: string, withControl: boolean): Seat | undefined {
  const row = rows.findIndex(({ number }) => number === from.fileira)
  const column = rows[row]?.seats.indexOf(from) ?? 0
  switch (key) {
    case 'ArrowLeft':
      return inRow(rows[row], column - 1, -1)
    case 'ArrowRight':
      return inRow(rows[row], column + 1, 1)
    case 'ArrowUp':
      return nearest(rows[row - 1], column)
    case 'ArrowDown':
      return nearest(rows[row + 1], column)
    case 'PageUp':
      return nearest(rows[Math.max(row - PAGE_ROWS, 0)], column)
    case 'PageDown':
      return nearest(rows[Math.min(row + PAGE_ROWS, rows.length - 1)], column)
    case 'Home':
      return inRow(withControl ? rows[0] : rows[row], 0, 1)
    case 'End': {
      const to = withControl ? rows.at(-1) : rows[row]
      return inRow(to, (to?.seats.length ?? 0) - 1, -1)
    }
    default:
      return undefined
  }
}

function inRow(row: Row | undefined, from: number, step: 1 | -1): Seat | undefined {
  for (let at = from; row && at >= 0 && at < row.seats.length; at += step) {
    const seat = row.seats[at]
    if (seat) return seat
  }
  return undefined
}

function nearest(row: Row | undefined, column: number): Seat | undefined {
  const seats = row?.seats.flatMap((seat, at) => (seat ? [{ seat, off: Math.abs(at - column) }] : [])) ?? []
  return seats.sort((one, other) => one.off - other.off)[0]?.seat
}
