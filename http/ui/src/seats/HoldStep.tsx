// The foot of the choice of seats: what it costs, what is missing, and the way to hold it.

import { useState } from 'react'

import { isRefusal } from '../api/refusal'
import { useText } from '../i18n'
import { Button } from '../parts/Button'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import { StepBar } from '../parts/StepBar'
import type { Required } from '../people/people'
import { focusFault, focusNameless, isComplete } from '../people/Travellers'
import { missingOf, setPrices, totalOf, type Choice } from './choice'
import { useHold } from './hold'
import { PriceChanged } from './PriceChanged'
import { useNewPrices } from './prices'
import { StepFault } from './StepFault'

interface Props {
  choice: Choice
  required: Required
  /** Goes on to a leg that still lacks seats, where the one on the screen lacks none. */
  onNext: (() => void) | undefined
  /** What is missing is to be said. */
  onChecked: () => void
}

export function HoldStep({ choice, required, onNext, onChecked }: Props) {
  const t = useText()
  const hold = useHold()
  const { error } = hold
  const missing = missingOf(choice)
  const nameless = choice.travellers.filter(({ nome }) => nome.trim() === '').length
  // the first press leads to the names; what is then still missing is said to be
  const [isLed, setLed] = useState(false)
  // also after a reload
  const isUnsure = choice.attempt !== undefined && !hold.isPending
  const mayRepeat = isUnsure || (isRefusal(error) && error.mayRepeat)
  const prices = useNewPrices(choice, error)
  const leads = missing === 0 && nameless > 0
  const press = () => {
    if (leads && !isLed) {
      setLed(true)
      focusNameless()
      return
    }
    onChecked()
    if (missing > 0) return
    if (isComplete(choice, required)) hold.mutate()
    else focusFault()
  }
  const agree = () => {
    setPrices(prices)
    press()
  }
  return (
    <StepBar
      total={totalOf(choice) ?? null}
      note={missing > 0 ? t.seats.missing(missing) : nameless > 0 && !choice.hold && t.seats.namesMissing(nameless)}
      notice={
        <>
          {prices.length > 0 ? (
            <PriceChanged choice={choice} prices={prices} onAgree={agree} />
          ) : (
            error && <StepFault key={hold.submittedAt} error={error} choice={choice} />
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
        prices.length === 0 && (
          <Button kind="primary" onPress={press} isWaiting={hold.isPending} isDisabled={missing > 0}>
            {hold.isPending ? t.seats.holding : mayRepeat ? t.app.retry : leads ? t.seats.toNames : t.seats.hold}
          </Button>
        )
      )}
    </StepBar>
  )
}
