// A refusal at the foot of the choice of seats: which leg and seat it is about, and why. It may be put away.

import { useState } from 'react'

import { useAirlines } from '../api/airlines'
import { isRefusal } from '../api/refusal'
import type { Leg } from '../api/schema'
import { useText } from '../i18n'
import { Button } from '../parts/Button'
import { sentenceOf } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import type { Choice } from './choice'
import { labelsOf } from './grid'
import { useSeatMap } from './live'

export function StepFault({ error, choice }: { error: Error; choice: Choice }) {
  const t = useText()
  const [isDismissed, setDismissed] = useState(false)
  if (isDismissed) return null
  return (
    <Notice
      tone="bad"
      action={
        <Button kind="quiet" aria-label={t.app.close} onPress={() => setDismissed(true)}>
          <Icon name="close" />
        </Button>
      }
    >
      <About error={error} choice={choice} />
      {isRefusal(error, 'too-many-holds') ? (
        <>
          {t.seats.tooManyHolds} <a href="#/passagens">{t.seats.openHolds}</a>
        </>
      ) : (
        sentenceOf(t, error)
      )}
    </Notice>
  )
}

/** Which leg and seat a refusal is about, where it says so. */
function About({ error, choice }: { error: Error; choice: Choice }) {
  const { company, id_trecho, id_assento } = isRefusal(error) ? error.problem : {}
  const leg = choice.legs.find((one) => one.company === company && one.id === id_trecho)
  return leg && <AboutSeat leg={leg} seat={id_assento} />
}

function AboutSeat({ leg, seat }: { leg: Leg; seat: number | undefined }) {
  const nameOf = useAirlines()
  const { data: map } = useSeatMap(leg, true)
  const label = labelsOf(map, seat === undefined ? [] : [seat])
  return <b>{[nameOf(leg.company), `${leg.origem_iata} – ${leg.destino_iata}`, ...label].join(', ')}: </b>
}
