// Which flights of a ticket have left.

import { serverNow } from '../api/clock'
import type { Ticket, TicketSeat } from '../api/schema'

type Flight = Pick<TicketSeat, 'estado' | 'partida' | 'alteracao' | 'reembolso'>

/** By the time at which it leaves now. One that was withdrawn never does. */
export function hasLeft({ estado, partida, alteracao }: Flight, now = serverNow()): boolean {
  if (estado !== 'confirmado' || alteracao?.cancelado_pela_companhia) return false
  return Date.parse(alteracao?.partida ?? partida) <= now
}

export type Shown = Ticket['estado'] | 'realizada' | 'trocada'

/** Its state, as the passenger sees it. */
export function shownState({ estado, trechos }: Pick<Ticket, 'estado'> & { trechos: Flight[] }, now?: number): Shown {
  const isExchanged = trechos.every(({ reembolso }) => reembolso?.motivo === 'trocado-por-outro-voo')
  if (estado === 'cancelada' && isExchanged) return 'trocada'
  const left = trechos.filter((seat) => seat.estado === 'confirmado')
  return left.length > 0 && left.every((seat) => hasLeft(seat, now)) ? 'realizada' : estado
}

/** What may be given back still. */
export const toCancel = ({ trechos }: Pick<Ticket, 'trechos'>): TicketSeat[] =>
  trechos.filter((seat) => seat.estado === 'confirmado' && !hasLeft(seat))
