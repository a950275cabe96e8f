// What is chosen, and who travels.

import { go } from '../app/route'
import type { Leg } from '../api/schema'
import { useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Company } from '../parts/Company'
import { TextInput } from '../parts/TextInput'
import { chosenOf, forget, isLocked, journeysOf, legKey, setTraveller, type Choice } from './choice'
import { labelsOf } from './grid'
import { useSeatMap } from './live'
import styles from './seats.module.css'

/** The longest name and the longest document that the server takes. */
const NAME_MAX = 120
const DOCUMENT_MAX = 32

/** Where names are written, for who has to be led there. */
const TRAVELLERS_ID = 'travellers'

interface Props {
  choice: Choice
  /** What is missing is said. */
  isChecked: boolean
}

export function ChoiceCard({ choice, isChecked }: Props) {
  const t = useText()
  const journeys = journeysOf(choice)
  return (
    <aside className={classes('card', styles.choice)} aria-label={t.seats.choice}>
      <h2>{t.seats.choice}</h2>
      {journeys.map((legs, i) => (
        <section key={legs.map(legKey).join()} className="stack tight">
          {journeys.length > 1 && <h3>{t.search.ways[i === 0 ? 'outward' : 'back']}</h3>}
          <ul className="stack tight">
            {legs.map((leg) => (
              <ChosenLeg key={legKey(leg)} leg={leg} choice={choice} />
            ))}
          </ul>
        </section>
      ))}
      <Travellers choice={choice} isChecked={isChecked} />
      <p className="hint">{t.seats.holdHint}</p>
      {!isLocked(choice) && (
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

/** Leads to the first name that is missing. */
export function focusMissingName(): void {
  const inputs = document.querySelectorAll<HTMLInputElement>(`#${TRAVELLERS_ID} input[name=nome]`)
  const empty = [...inputs].find(({ value }) => value.trim() === '')
  empty?.scrollIntoView({ block: 'center' })
  empty?.focus({ preventScroll: true })
}

function Travellers({ choice, isChecked }: { choice: Choice; isChecked: boolean }) {
  const t = useText()
  return (
    <fieldset className="stack tight" id={TRAVELLERS_ID}>
      <legend className="field-label">{t.seats.passengers}</legend>
      {choice.travellers.map((traveller, i) => (
        <div key={i} className={styles.traveller} role="group" aria-label={t.seats.passenger(i + 1)}>
          <TextInput
            label={choice.travellers.length > 1 ? `${i + 1}. ${t.seats.name}` : t.seats.name}
            name="nome"
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
