// What is chosen, who travels, what it costs, and the way to hold it.

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import { ensureSession } from '../account/asking'
import { answer, client } from '../api/client'
import { seatMap } from '../api/queries'
import { isRefusal } from '../api/refusal'
import type { Hold, HoldBody, Leg, Money } from '../api/schema'
import { go } from '../app/route'
import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { Company } from '../parts/Company'
import { Failure } from '../parts/Failure'
import { TextInput } from '../parts/TextInput'
import { chosenOf, dropKey, forget, keyFor, legKey, missingOf, setHold, setTraveller, wanted, type Choice } from './choice'
import { labelsOf } from './grid'
import { useSeatMap } from './live'

/** The longest name that the server takes. */
const NAME_MAX = 120

interface Props {
  choice: Choice
  /** While a hold is under way the seats turn held, by us. */
  onHolding(isHolding: boolean): void
}

export function ChoiceCard({ choice, onHolding }: Props) {
  const t = useText()
  const [isChecked, setChecked] = useState(false)
  const hold = useHold(choice)
  useEffect(() => onHolding(hold.isPending), [hold.isPending, onHolding])
  const missing = missingOf(choice)
  const isNamed = choice.travellers.every(({ nome }) => nome.trim() !== '')
  const press = () => {
    setChecked(true)
    if (missing === 0 && isNamed) hold.mutate()
  }
  return (
    <aside className="card choice" aria-label={t.seats.choice}>
      <h2>{t.seats.choice}</h2>
      <ul className="stack tight">
        {choice.legs.map((leg) => (
          <ChosenLeg key={legKey(leg)} leg={leg} choice={choice} />
        ))}
      </ul>
      <Travellers choice={choice} isChecked={isChecked} />
      <Total choice={choice} />
      {hold.error && <Failure error={hold.error} {...(!isLost(hold.error) && { onRetry: press })} />}
      {choice.hold ? (
        <a className="button primary" href={`#/retencao/${choice.hold}`}>
          {t.seats.toHold}
        </a>
      ) : (
        <Button kind="primary" onPress={press} isWaiting={hold.isPending} isDisabled={missing > 0}>
          {hold.isPending ? t.seats.holding : t.seats.hold}
        </Button>
      )}
      <p className="hint" role="status">
        {missing > 0 ? t.seats.missing(missing) : t.seats.holdHint}
      </p>
      {!choice.hold && (
        <Button
          kind="link"
          onPress={() => {
            forget()
            go('#/')
          }}
        >
          {t.seats.discard}
        </Button>
      )}
    </aside>
  )
}

/** Somebody else has a seat of it: trying the same again is of no use. */
const isLost = (error: Error) => isRefusal(error, 'seat-taken', 'seat-held')

function useHold(choice: Choice) {
  const t = useText()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (): Promise<Hold | undefined> => {
      if (!(await ensureSession(t.account.forHold))) return undefined
      const body = bodyOf(choice)
      const header = { 'Idempotency-Key': keyFor(JSON.stringify(body)) }
      const ask = () => answer(client.POST('/retencoes', { body, params: { header } }))
      return ask().catch(async (error: unknown) => {
        // the session had ended: nothing was begun
        if (!isRefusal(error, 'invalid-token') || !(await ensureSession(t.account.ended))) throw error
        return ask()
      })
    },
    onSuccess: (hold) => {
      if (!hold) return
      setHold(hold.uuid)
      go(`#/retencao/${hold.uuid}`)
    },
    onError: async (error) => {
      if (isRefusal(error) && !error.mayRepeat) dropKey()
      // what is gone shows on the maps, where the next best is offered
      await Promise.all(choice.legs.map((leg) => queries.invalidateQueries(seatMap(leg))))
    },
  })
}

function bodyOf(choice: Choice): HoldBody {
  const passageiros = choice.travellers.map(({ nome, documento }) => ({
    nome: nome.trim(),
    ...(documento.trim() && { documento: documento.trim() }),
  }))
  return { trechos: wanted(choice), passageiros }
}

function ChosenLeg({ leg, choice }: { leg: Leg; choice: Choice }) {
  const t = useText()
  const { data: map } = useSeatMap(leg, true)
  const chosen = labelsOf(map, chosenOf(choice, leg))
  return (
    <li className="chosen-leg">
      <Company code={leg.company} />
      <span>
        {leg.origem_iata} – {leg.destino_iata} <small>{leg.voo}</small>
      </span>
      <b>{chosen.length > 0 ? chosen.join(', ') : <span className="quiet-text">{t.seats.chosen(0, choice.travellers.length)}</span>}</b>
    </li>
  )
}

function Travellers({ choice, isChecked }: { choice: Choice; isChecked: boolean }) {
  const t = useText()
  return (
    <fieldset className="stack tight">
      <legend className="field-label">{t.seats.passengers}</legend>
      {choice.travellers.map((traveller, i) => (
        <div key={i} className="traveller" role="group" aria-label={t.seats.passenger(i + 1)}>
          <TextInput
            label={choice.travellers.length > 1 ? `${i + 1}. ${t.seats.name}` : t.seats.name}
            value={traveller.nome}
            maxLength={NAME_MAX}
            autoComplete={i === 0 ? 'name' : 'off'}
            onChange={(nome) => setTraveller(i, { ...traveller, nome })}
            fault={isChecked && traveller.nome.trim() === '' ? t.seats.nameRequired : undefined}
          />
          <TextInput
            label={t.seats.document}
            value={traveller.documento}
            maxLength={NAME_MAX}
            autoComplete="off"
            onChange={(documento) => setTraveller(i, { ...traveller, documento })}
          />
        </div>
      ))}
    </fieldset>
  )
}

function Total({ choice }: { choice: Choice }) {
  const t = useText()
  const formats = useFormats()
  const total = totalOf(choice)
  return (
    <p className="total">
      <span>{t.seats.total}</span>
      <b>{total ? formats.money(total) : t.search.mixedCurrencies}</b>
    </p>
  )
}

function totalOf({ legs, travellers }: Choice): Money | undefined {
  const moeda = legs[0]?.preco.moeda
  if (moeda === undefined || legs.some(({ preco }) => preco.moeda !== moeda)) return undefined
  const each = legs.reduce((sum, { preco }) => sum + preco.centavos, 0)
  return { moeda, centavos: each * travellers.length }
}
