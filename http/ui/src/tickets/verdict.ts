// What is said at a gate of a code whose signature is good: whether its owner may board, today. Pure.

import type { CheckedSeat, TicketCheck } from '../api/schema'

export type Standing =
  /** It leaves today, and nothing has become of it. */
  | 'good'
  | 'cancelled'
  | 'exchanged'
  | 'changed'
  | 'flown'
  /** On another day, and good then. */
  | 'otherDay'
  /** Nobody was asked: the signature is all that is known. */
  | 'signature'

/** Of one seat, by an instant in milliseconds. */
export function standingOf(seat: CheckedSeat, now: number): Standing {
  const { agora } = seat
  if (!agora) return isOn(seat.partida, now) ? 'signature' : Date.parse(seat.partida) <= now ? 'flown' : 'otherDay'
  if (agora.estado === 'cancelado') return 'cancelled'
  if (agora.estado === 'trocado') return 'exchanged'
  if (agora.estado === 'alterado') return 'changed'
  if (agora.estado === 'realizado') return 'flown'
  return isOn(agora.partida, now) ? 'good' : 'otherDay'
}

/** Whether an instant of the wire is of the day that it is there now. */
function isOn(instant: string, now: number): boolean {
  return today(instant, now) === instant.slice(0, 10)
}

/** The day by the clock that an instant of the wire is told by. */
function today(instant: string, now: number): string {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(instant) ?? []
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === '-' ? -1 : 1)
  return new Date(now + offset * 60_000).toISOString().slice(0, 10)
}

/** The worst first: of several flights of today the gate must see what is wrong. */
const WORST: Standing[] = ['cancelled', 'exchanged', 'changed', 'signature', 'good']

/** Of all seats together: those of today tell; without any, the next one; without that, the last. */
export function verdictOf({ trechos }: Pick<TicketCheck, 'trechos'>, now: number): Standing {
  const at = (seat: CheckedSeat) => seat.agora?.partida ?? seat.partida
  const seats = [...trechos].sort((one, other) => Date.parse(at(one)) - Date.parse(at(other)))
  const left = seats.filter((seat) => standingOf(seat, now) !== 'flown')
  // a flight that was moved away from today is of today still, for who comes with the old code
  const isToday = (seat: CheckedSeat) => isOn(seat.partida, now) || isOn(at(seat), now)
  const ofToday = left.filter(isToday).map((seat) => standingOf(seat, now))
  const worst = WORST.find((one) => ofToday.includes(one))
  if (worst) return worst
  const [next] = left
  return next ? standingOf(next, now) : 'flown'
}
