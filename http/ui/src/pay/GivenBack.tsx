// What of a payment goes back, and whether it is there; the end of a hold that was paid; sentences where payments change them.

import { useEffect, type ReactNode } from 'react'

import { useAirlines } from '../api/airlines'
import type { Payment, Ticket } from '../api/schema'
import { useFormats } from '../i18n'
import { Blank } from '../parts/Blank'
import { Button } from '../parts/Button'
import { Notice } from '../parts/Notice'
import { askAnew, usePayment } from './asking'
import { ASKS_MAX, backOf, expecting, isAwaited, stillOwed, type Told } from './payment'
import { usePayWords } from './words'

/** Of a ticket: what came back for its seats went the way it was paid. */
export default function GivenBack({ ticket }: { ticket: Ticket }) {
  const back = backOf(ticket)
  const { data } = usePayment(ticket.uuid, false, back)
  return data && <Back payment={expecting(data, back)} />
}

export function Back({ payment }: { payment: Told }) {
  const words = usePayWords()
  const { devolucao } = payment
  if (!devolucao) return null
  return (
    <Notice tone={stillOwed(payment) ? 'info' : 'good'} action={<AskAgain payment={payment} />}>
      <b>{words.back}</b>
      <br />
      <BackSums devolucao={devolucao} />
    </Notice>
  )
}

function BackSums({ devolucao: { devida, feita } }: { devolucao: NonNullable<Payment['devolucao']> }) {
  const words = usePayWords()
  const { money } = useFormats()
  if (feita.centavos >= devida.centavos) return words.allBack(money(devida))
  return feita.centavos === 0 ? words.onTheWay(money(devida)) : words.partBack(money(feita), money(devida))
}

/** Once the page has given up asking by itself. */
export function AskAgain({ payment }: { payment: Told }) {
  const words = usePayWords()
  if (!isAwaited(payment, false) || payment.asked < ASKS_MAX) return null
  return <Button onPress={() => askAnew(payment.uuid)}>{words.ask}</Button>
}

interface OverProps {
  payment: Told
  title: string
  children: ReactNode
}

/** A hold that came to nothing although somebody had begun to pay: nobody is told that nothing was charged. */
export function PaidOver({ payment, title, children }: OverProps) {
  const words = usePayWords()
  useAnew(payment.uuid)
  return (
    <div className="stack">
      <div role="alert">
        <Blank title={title} hint={payment.estado === 'pendente' ? words.overPending : words.overPaid}>
          {children}
        </Blank>
      </div>
      <Back payment={payment} />
    </div>
  )
}

/** Its companies refused: what is kept of the choice, and what comes back. */
export function PaidRefused({ payment }: { payment: Told }) {
  useAnew(payment.uuid)
  return <Back payment={payment} />
}

/** What was known before the end does not count. */
function useAnew(uuid: string) {
  useEffect(() => askAnew(uuid), [uuid])
}

interface SentenceProps {
  of: 'kept' | 'releaseHint'
}

/** A sentence of payments where another one stands otherwise. */
export function Sentence({ of }: SentenceProps) {
  return usePayWords()[of]
}

/** Whoever took the hold has the money, and alone knows. */
export function SoldElsewhere({ company }: { company: string }) {
  const nameOf = useAirlines()
  return usePayWords().elsewhere(nameOf(company))
}
