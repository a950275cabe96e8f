import { describe, expect, test } from 'vitest'

import type { Payment, TicketSeat } from '../api/schema'
import {
  ASKS_MAX,
  attemptFor,
  ATTEMPTS_MAX,
  backOf,
  expecting,
  faultOf,
  isAwaited,
  isPaying,
  mayConfirm,
  nextAsk,
  settles,
  stepOf,
  stillOwed,
  told,
} from './payment'

const brl = (centavos: number) => ({ centavos, moeda: 'BRL', casas: 2 })
const payment = (estado: Payment['estado'], more: Partial<Payment> = {}): Payment => ({
  uuid: 'h',
  estado,
  exigido: true,
  valor: brl(50_000),
  ...more,
})
const back = (devida: number, feita: number) => ({ devolucao: { devida: brl(devida), feita: brl(feita) } })

describe('the step', () => {
  test('is there where something is to be paid, and nowhere else', () => {
    expect(stepOf(undefined)).toBe('none')
    expect(stepOf(null)).toBe('none')
    expect(stepOf(payment('em_aberto'))).toBe('open')
    expect(stepOf(payment('em_aberto', { exigido: false }))).toBe('open')
    expect(stepOf(payment('em_aberto', { valor: brl(0), exigido: false }))).toBe('none')
    expect(stepOf(payment('em_aberto', { valor: null, exigido: false }))).toBe('none')
    expect(stepOf(payment('em_aberto', { valor: null }))).toBe('impossible')
    expect(stepOf(payment('pendente', { tentativa: 1 }))).toBe('pending')
    expect(stepOf(payment('pago', { tentativa: 1 }))).toBe('paid')
  })

  test('can be taken again after a refusal, up to the limit', () => {
    const refused = (tentativa: number) => stepOf(payment('recusado', { tentativa }))
    expect([refused(1), refused(ATTEMPTS_MAX - 1), refused(ATTEMPTS_MAX)]).toEqual([
      'refused',
      'refused',
      'last-refused',
    ])
  })

  test('stands before the confirmation where it must be taken', () => {
    expect([null, payment('pago'), payment('em_aberto', { exigido: false })].map(mayConfirm)).toEqual([
      true,
      true,
      true,
    ])
    expect([payment('em_aberto'), payment('pendente'), payment('recusado')].map(mayConfirm)).toEqual([
      false,
      false,
      false,
    ])
    expect(mayConfirm(payment('em_aberto', { valor: null }))).toBe(false)
  })
})

describe('an attempt', () => {
  test('is the one after the last', () => {
    expect(attemptFor(payment('em_aberto'), 'card', undefined).tentativa).toBe(1)
    expect(attemptFor(payment('recusado', { tentativa: 2 }), 'card', undefined)).toEqual({
      hold: 'h',
      meio: 'card',
      tentativa: 3,
    })
  })

  test('is sent again as it was until it has its answer', () => {
    const lost = { hold: 'h', meio: 'first', tentativa: 1 }
    expect(attemptFor(payment('em_aberto'), 'second', lost)).toBe(lost)
    expect(attemptFor(payment('recusado', { tentativa: 1 }), 'second', lost)).toEqual({
      hold: 'h',
      meio: 'second',
      tentativa: 2,
    })
    expect(settles(payment('em_aberto'), lost)).toBe(false)
    expect(settles(payment('pendente', { tentativa: 1 }), lost)).toBe(true)
    expect(attemptFor(payment('em_aberto', { uuid: 'other' }), 'second', { ...lost, hold: 'gone' })).not.toBe(lost)
  })
})

describe('what is awaited', () => {
  test('is the provider’s word, and what goes back', () => {
    expect(isAwaited(payment('pendente'), false)).toBe(true)
    expect(isAwaited(payment('pago'), false)).toBe(false)
    expect(isAwaited(payment('pago', back(500, 200)), false)).toBe(true)
    expect(isAwaited(payment('pago', back(500, 500)), true)).toBe(false)
    // its hold is over, and nobody has said yet what goes back
    expect(isAwaited(payment('pago'), true)).toBe(true)
    expect(isAwaited(payment('recusado'), true)).toBe(false)
  })

  test('is what its ticket says came back, before the payment says so', () => {
    const seat = (centavos: number, motivo: string) => ({ reembolso: { valor: brl(centavos), motivo } }) as TicketSeat
    const kept = {} as TicketSeat
    expect(backOf({ trechos: [kept, seat(700, 'trocado-por-outro-voo')] })).toBeUndefined()
    const owed = backOf({ trechos: [seat(300, 'arrependimento-24h'), kept, seat(200, 'regra-da-companhia')] })
    expect(owed).toEqual(brl(500))

    expect(expecting(payment('pago'), owed)).toMatchObject(back(500, 0))
    expect(nextAsk({ ...expecting(payment('pago'), owed), asked: 0 }, false, 0)).toBe(1000)
    // of a second cancellation
    expect(expecting(payment('pago', back(300, 300)), owed)).toMatchObject(back(500, 300))
    const known = payment('pago', back(500, 500))
    expect(expecting(known, owed)).toBe(known)
    expect(expecting(payment('recusado'), owed)).toEqual(payment('recusado'))
    expect(nextAsk({ ...expecting(payment('pago'), brl(0)), asked: 0 }, false, 0)).toBe(false)
  })

  test('is asked about less and less often, and not for ever', () => {
    const pending = (asked: number) => nextAsk({ ...payment('pendente'), asked }, false, 0)
    expect(pending(0)).toBe(1000)
    const waits = Array.from({ length: ASKS_MAX }, (_, asked) => Number(pending(asked)))
    expect(waits.every((wait, i) => wait >= (waits[i - 1] ?? 0) && wait <= 15_000)).toBe(true)
    expect(pending(ASKS_MAX)).toBe(false)
    expect(nextAsk({ ...payment('pendente'), asked: 0 }, false, ASKS_MAX)).toBe(false)
    expect(nextAsk({ ...payment('pago'), asked: 0 }, false, 0)).toBe(false)
    expect(nextAsk(null, true, 0)).toBe(false)
  })

  test('counts from the last answer that said something new', () => {
    const first = told(undefined, payment('pendente', { tentativa: 1 }))
    const second = told(first, payment('pendente', { tentativa: 1 }))
    expect([first.asked, second.asked]).toEqual([0, 1])
    expect(told(second, payment('pendente', { tentativa: 2 })).asked).toBe(0)
    expect(told({ ...payment('pago', back(500, 0)), asked: 7 }, payment('pago', back(500, 100))).asked).toBe(0)
  })
})

test('what is still owed is what is not there', () => {
  expect(stillOwed(payment('pago', back(500, 200)))).toEqual(brl(300))
  expect(stillOwed(payment('pago', back(500, 500)))).toBeUndefined()
  expect(stillOwed(payment('pago'))).toBeUndefined()
})

test('money goes back only where some was taken, or may be', () => {
  const states = (['em_aberto', 'pendente', 'recusado', 'pago'] as const).map((estado) => isPaying(payment(estado)))
  expect(states).toEqual([false, true, false, true])
  expect(isPaying(null)).toBe(false)
})

test('a number of a card is no means of payment', () => {
  expect(faultOf('')).toBe('missing')
  expect(faultOf('4111 1111 1111 1111')).toBe('card')
  expect(faultOf('4111-1111-1111-1111')).toBe('card')
  expect(faultOf('tok_1')).toBeUndefined()
  expect(faultOf('1234567890123')).toBeUndefined()
  expect(faultOf('código')).toBe('form')
  expect(faultOf('a'.repeat(129))).toBe('form')
})
