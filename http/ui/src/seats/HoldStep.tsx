// The foot of the choice of seats: what it costs, what is missing, and the way to hold it.

import { useState } from 'react'

import { isRefusal } from '../api/refusal'
import type { Leg } from '../api/schema'
import { useText } from '../i18n'
import { Button } from '../parts/Button'
import { sentenceOf } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import { StepBar } from '../parts/StepBar'
import { missingOf, totalOf, type Choice } from './choice'
import { focusMissingName } from './ChoiceCard'
import { labelsOf } from './grid'
import { useHold } from './hold'
import { useSeatMap } from './live'

interface Props {
  choice: Choice
  /** Goes on to a leg that still lacks seats, where the one on the screen lacks none. */
  onNext: (() => void) | undefined
  /** What is missing is to be said. */
  onChecked: () => void
}

export function HoldStep({ choice, onNext, onChecked }: Props) {
  const t = useText()
  const hold = useHold(choice)
  const missing = missingOf(choice)
  const isNamed = choice.travellers.every(({ nome }) => nome.trim() !== '')
  // also after a reload
  const isUnsure = choice.attempt !== undefined && !hold.isPending
  const mayRepeat = isUnsure || (isRefusal(hold.error) && hold.error.mayRepeat)
  const press = () => {
    onChecked()
    if (missing > 0) return
    if (isNamed) hold.mutate()
    else focusMissingName()
  }
  const [isDismissed, setDismissed] = useState<Error>()
  const error = hold.error !== isDismissed ? hold.error : null
  return (
    <StepBar
      total={totalOf(choice) ?? null}
      note={missing > 0 ? t.seats.missing(missing) : !isNamed && !choice.hold && t.seats.namesMissing}
      notice={
        <>
          {error && (
            <Notice
              tone="bad"
              action={
                <Button kind="quiet" aria-label={t.app.close} onPress={() => setDismissed(error)}>
                  <Icon name="close" />
                </Button>
              }
            >
              <About error={error} choice={choice} />
              {sentenceOf(t, error)}
            </Notice>
          )}
          {isUnsure && <Notice tone="warning">{t.seats.unsure}</Notice>}
        </>
      }
    >
      {choice.hold ? (
        <a className="button primary" href={`#/retencao/${choice.hold}`}>
          {t.seats.toHold}
        </a>
      ) : onNext ? (
        <Button kind="primary" onPress={onNext}>
          {t.seats.next}
          <Icon name="arrow" />
        </Button>
      ) : (
        <Button kind="primary" onPress={press} isWaiting={hold.isPending} isDisabled={missing > 0}>
          {hold.isPending ? t.seats.holding : mayRepeat ? t.app.retry : t.seats.hold}
        </Button>
      )}
    </StepBar>
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
