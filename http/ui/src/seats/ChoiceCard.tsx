// What is chosen, who travels, what it costs, and the way to hold it.

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { ensureSession } from '../account/asking'
import { answer, client } from '../api/client'
import { seatMap } from '../api/queries'
import { isRefusal } from '../api/refusal'
import type { Hold, Leg } from '../api/schema'
import { go } from '../app/route'
import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Company } from '../parts/Company'
import { sentenceOf } from '../parts/Failure'
import { Notice } from '../parts/Notice'
import { TextInput } from '../parts/TextInput'
import {
  attemptOf,
  chosenOf,
  dropAttempt,
  forget,
  isLocked,
  legKey,
  missingOf,
  setHold,
  setTraveller,
  totalOf,
  type Choice,
} from './choice'
import { labelsOf } from './grid'
import { useSeatMap } from './live'
import styles from './seats.module.css'

/** The longest name and the longest document that the server takes. */
const NAME_MAX = 120
const DOCUMENT_MAX = 32

export function ChoiceCard({ choice }: { choice: Choice }) {
  const t = useText()
  const [isChecked, setChecked] = useState(false)
  const hold = useHold(choice)
  const missing = missingOf(choice)
  const isNamed = choice.travellers.every(({ nome }) => nome.trim() !== '')
  // also after a reload
  const isUnsure = choice.attempt !== undefined && !hold.isPending
  const mayRepeat = isUnsure || (isRefusal(hold.error) && hold.error.mayRepeat)
  const press = () => {
    setChecked(true)
    if (missing === 0 && isNamed) hold.mutate()
  }
  return (
    <aside className={classes('card', styles.choice)} aria-label={t.seats.choice}>
      <h2>{t.seats.choice}</h2>
      <ul className="stack tight">
        {choice.legs.map((leg) => (
          <ChosenLeg key={legKey(leg)} leg={leg} choice={choice} />
        ))}
      </ul>
      <Travellers choice={choice} isChecked={isChecked} />
      <Total choice={choice} />
      {hold.error && (
        <Notice tone="bad">
          <About error={hold.error} choice={choice} />
          {sentenceOf(t, hold.error)}
        </Notice>
      )}
      {isUnsure && <Notice tone="warning">{t.seats.unsure}</Notice>}
      {choice.hold ? (
        <a className="button primary" href={`#/retencao/${choice.hold}`}>
          {t.seats.toHold}
        </a>
      ) : (
        <Button kind="primary" onPress={press} isWaiting={hold.isPending} isDisabled={missing > 0}>
          {hold.isPending ? t.seats.holding : mayRepeat ? t.app.retry : t.seats.hold}
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

/** Which leg and seat a refusal is about, where it says so. */
function About({ error, choice }: { error: Error; choice: Choice }) {
  const { company, id_trecho, id_assento } = isRefusal(error) ? error.problem : {}
  const leg = choice.legs.find((one) => one.company === company && one.id === id_trecho)
  return leg && <AboutSeat leg={leg} seat={id_assento} />
}

function AboutSeat({ leg, seat }: { leg: Leg; seat: number | undefined }) {
  const t = useText()
  const { data: map } = useSeatMap(leg, true)
  const label = labelsOf(map, seat === undefined ? [] : [seat])
  return <b>{[t.search.company(leg.company), `${leg.origem_iata} – ${leg.destino_iata}`, ...label].join(', ')}: </b>
}

function useHold(choice: Choice) {
  const t = useText()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (): Promise<Hold | undefined> => {
      if (!(await ensureSession(t.account.forHold))) return undefined
      const wasOpen = choice.attempt !== undefined
      const { key, body } = attemptOf(choice)
      const header = { 'Idempotency-Key': key }
      const ask = () => answer(client.POST('/retencoes', { body, params: { header } }))
      const askAgain = async (error: unknown) => {
        // the session had ended: nothing was begun
        if (!isRefusal(error, 'invalid-token') || !(await ensureSession(t.account.ended))) throw error
        return ask()
      }
      return ask()
        .catch(askAgain)
        .catch(async (error: unknown) => {
          if (isRefusal(error) && !error.leavesOpen && !(wasOpen && error.isAtTheDoor)) {
            // what is gone shows on the maps, where the next best is offered; what was ours for a moment does not
            await Promise.all(choice.legs.map((leg) => queries.invalidateQueries(seatMap(leg))))
            dropAttempt()
          }
          throw error
        })
    },
    onSuccess: (hold) => {
      if (!hold) return
      setHold(hold.uuid)
      go(`#/retencao/${hold.uuid}`)
    },
  })
}

function ChosenLeg({ leg, choice }: { leg: Leg; choice: Choice }) {
  const t = useText()
  const { data: map } = useSeatMap(leg, true)
  const chosen = labelsOf(map, chosenOf(choice, leg))
  return (
    <li className={styles.chosenLeg}>
      <Company code={leg.company} />
      <span>
        {leg.origem_iata} – {leg.destino_iata} <small>{leg.voo}</small>
      </span>
      <b>
        {chosen.length > 0 ? (
          chosen.join(', ')
        ) : (
          <span className="quiet-text">{t.seats.chosen(0, choice.travellers.length)}</span>
        )}
      </b>
    </li>
  )
}

function Travellers({ choice, isChecked }: { choice: Choice; isChecked: boolean }) {
  const t = useText()
  return (
    <fieldset className="stack tight">
      <legend className="field-label">{t.seats.passengers}</legend>
      {choice.travellers.map((traveller, i) => (
        <div key={i} className={styles.traveller} role="group" aria-label={t.seats.passenger(i + 1)}>
          <TextInput
            label={choice.travellers.length > 1 ? `${i + 1}. ${t.seats.name}` : t.seats.name}
            value={traveller.nome}
            maxLength={NAME_MAX}
            isReadOnly={isLocked(choice)}
            autoComplete={i === 0 ? 'name' : 'off'}
            onChange={(nome) => setTraveller(i, { ...traveller, nome })}
            fault={isChecked && traveller.nome.trim() === '' ? t.seats.nameRequired : undefined}
          />
          <TextInput
            label={t.seats.document}
            value={traveller.documento}
            maxLength={DOCUMENT_MAX}
            isReadOnly={isLocked(choice)}
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
    <p className={styles.total}>
      <span>{t.seats.total}</span>
      <b>{total ? formats.money(total) : t.search.mixedCurrencies}</b>
    </p>
  )
}
