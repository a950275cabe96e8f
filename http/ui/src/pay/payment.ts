// What is pure of a payment: what the page offers, which attempt is next, how long it asks what became of one.

import type { Money, Payment, Ticket } from '../api/schema'

/** As the node takes of one hold. */
export const ATTEMPTS_MAX = 5
/** After this many answers that say nothing new the visitor asks. */
export const ASKS_MAX = 60
const FIRST_ASK_MS = 1_000
const LONGEST_ASK_MS = 15_000

/** A payment, and how many answers in a row have said the same. */
export type Told = Payment & { asked: number }

/** A payment that was sent, and whose answer may have been lost. */
export interface Attempt {
  hold: string
  meio: string
  tentativa: number
}

/** `none`: nothing is to be paid. `impossible`: it would have to be, and prices of several currencies cannot be. */
export type Step = 'none' | 'impossible' | 'open' | 'pending' | 'refused' | 'last-refused' | 'paid'

export function stepOf(payment: Payment | null | undefined): Step {
  if (!payment) return 'none'
  const { estado, valor, exigido, tentativa = 0 } = payment
  switch (estado) {
    case 'pago':
      return 'paid'
    case 'pendente':
      return 'pending'
    case 'recusado':
      return tentativa < ATTEMPTS_MAX ? 'refused' : 'last-refused'
    case 'em_aberto':
      if (!valor) return exigido ? 'impossible' : 'none'
      return valor.centavos > 0 ? 'open' : 'none'
  }
}

/** Whether it may be confirmed as far as the page knows: the node has the last word. */
export function mayConfirm(payment: Payment | null | undefined): boolean {
  return !payment?.exigido || payment.estado === 'pago' || stepOf(payment) === 'none'
}

/** The same again where its answer may be lost: whoever changed the means then would believe that those had paid. */
export function attemptFor(payment: Payment, meio: string, open: Attempt | undefined): Attempt {
  if (open && !settles(payment, open)) return open
  return { hold: payment.uuid, meio, tentativa: (payment.tentativa ?? 0) + 1 }
}

/** It has come, or a later one has. */
export function settles(payment: Payment, { hold, tentativa }: Attempt): boolean {
  return payment.uuid === hold && (payment.tentativa ?? 0) >= tentativa
}

export function told(before: Told | null | undefined, payment: Payment): Told {
  return { ...payment, asked: before && isSame(before, payment) ? before.asked + 1 : 0 }
}

function isSame(one: Payment, other: Payment): boolean {
  const back = ({ devolucao }: Payment) => `${devolucao?.devida.centavos} ${devolucao?.feita.centavos}`
  return one.estado === other.estado && one.tentativa === other.tentativa && back(one) === back(other)
}

/** What is still to come without anybody's doing: the provider's word, or what goes back; all of it, where the hold is over. */
export function isAwaited(payment: Payment | null | undefined, isOver: boolean): boolean {
  if (payment?.estado === 'pago' && isOver && !payment.devolucao) return true
  return payment?.estado === 'pendente' || stillOwed(payment) !== undefined
}

/** Whether money is or may be there that the end of the hold sends back. */
export function isPaying(payment: Payment | null | undefined): payment is Payment {
  return payment?.estado === 'pago' || payment?.estado === 'pendente' || payment?.devolucao !== undefined
}

/** Milliseconds until it is asked about again; false: not by itself. `failures` came without an answer. */
export function nextAsk(payment: Told | null | undefined, isOver: boolean, failures: number): number | false {
  if (!payment || !isAwaited(payment, isOver)) return false
  const asks = payment.asked + failures
  return asks < ASKS_MAX && Math.min(FIRST_ASK_MS * 1.5 ** asks, LONGEST_ASK_MS)
}

/** What came back for seats of a ticket; of those that were given for another flight nothing did. */
export function backOf({ trechos }: Pick<Ticket, 'trechos'>): Money | undefined {
  const refunds = trechos.flatMap(({ reembolso }) =>
    reembolso && reembolso.motivo !== 'trocado-por-outro-voo' ? [reembolso.valor] : [],
  )
  return refunds.reduce<Money | undefined>(
    (sum, refund) => (sum ? { ...sum, centavos: sum.centavos + refund.centavos } : refund),
    undefined,
  )
}

/** With what is known to go back of it where the payment does not say so yet: tickets know first what came back for their seats. */
export function expecting<P extends Payment>(payment: P, back: Money | undefined): P {
  const { estado, devolucao } = payment
  if (!back || estado !== 'pago' || (devolucao?.devida.centavos ?? 0) >= back.centavos) return payment
  return { ...payment, devolucao: { devida: back, feita: devolucao?.feita ?? { ...back, centavos: 0 } } }
}

/** What is on its way back. */
export function stillOwed(payment: Payment | null | undefined): Money | undefined {
  if (!payment?.devolucao) return undefined
  const { devida, feita } = payment.devolucao
  return devida.centavos > feita.centavos ? { ...devida, centavos: devida.centavos - feita.centavos } : undefined
}

/** Why this is not a means of payment, if it is not: 1 to 128 visible ASCII characters, and never the number of a card. */
export function faultOf(meio: string): 'missing' | 'form' | 'card' | undefined {
  if (meio === '') return 'missing'
  if (isCard(meio.replace(/[ -]/g, ''))) return 'card'
  return /^[!-~]{1,128}$/.test(meio) ? undefined : 'form'
}

/** 12 to 19 digits of which the last one checks the others (ISO/IEC 7812). */
function isCard(digits: string): boolean {
  if (!/^\d{12,19}$/.test(digits)) return false
  const sum = [...digits].reverse().reduce((sum, digit, place) => {
    const value = Number(digit) * (place % 2 === 0 ? 1 : 2)
    return sum + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}
