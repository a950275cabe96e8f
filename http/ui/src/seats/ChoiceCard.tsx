// What is chosen, and who travels.

import { go } from '../app/route'
import type { Leg } from '../api/schema'
import { useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Company } from '../parts/Company'
import type { Required } from '../people/people'
import { Travellers } from '../people/Travellers'
import { chosenOf, forget, isLocked, journeysOf, legKey, type Choice } from './choice'
import { labelsOf } from './grid'
import { useSeatMap } from './live'
import styles from './seats.module.css'

interface Props {
  choice: Choice
  required: Required
  /** What is missing is said. */
  isChecked: boolean
}

export function ChoiceCard({ choice, required, isChecked }: Props) {
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
      <Travellers choice={choice} required={required} isChecked={isChecked} />
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
