// The foot of an exchange: that it costs nothing, and the one press that does all of it.

import { isRefusal } from '../api/refusal'
import { useText } from '../i18n'
import { Button } from '../parts/Button'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import { StepBar } from '../parts/StepBar'
import { useSlow } from '../holds/slow'
import { missingOf, type Choice, type Instead } from '../seats/choice'
import { useExchange } from '../seats/hold'
import { StepFault } from '../seats/StepFault'

interface Props {
  choice: Choice
  instead: Instead
  /** Goes on to a leg that still lacks seats, where the one on the screen lacks none. */
  onNext: (() => void) | undefined
}

export function ExchangeStep({ choice, instead, onNext }: Props) {
  const t = useText()
  const exchange = useExchange(instead.ticket)
  const missing = missingOf(choice)
  const { error } = exchange
  // also after a reload
  const isUnsure = choice.attempt !== undefined && !exchange.isPending
  const isSlow = useSlow(exchange.isPending)
  // what is owed is another thing by now: the ticket says what
  const isOver = isRefusal(error, 'ticket-changed', 'not-rebookable', 'unknown-ticket')
  return (
    <StepBar
      total="free"
      note={missing > 0 ? t.seats.missing(missing) : t.exchange.allOrNothing}
      notice={
        <>
          {error && <StepFault key={exchange.submittedAt} error={error} choice={choice} />}
          {isUnsure && <Notice tone="warning">{t.exchange.unsure}</Notice>}
          {isSlow && <Notice tone="warning">{t.progress.slowNobody}</Notice>}
        </>
      }
    >
      {isOver ? (
        <a className="button primary" href={`#/passagens/${instead.ticket}`}>
          {t.exchange.toTicket}
        </a>
      ) : onNext ? (
        <Button kind="primary" onPress={onNext}>
          {t.seats.next}
          <Icon name="arrow" />
        </Button>
      ) : (
        <Button
          kind="primary"
          onPress={() => exchange.mutate()}
          isWaiting={exchange.isPending}
          isDisabled={missing > 0}
        >
          {exchange.isPending
            ? t.exchange.doing
            : isUnsure || (isRefusal(error) && error.mayRepeat)
              ? t.app.retry
              : t.exchange.do}
        </Button>
      )}
    </StepBar>
  )
}
