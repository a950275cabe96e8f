// A booking by its letters and a surname, for who has no session: to look at, and nothing more.

import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState, type FormEvent } from 'react'

import { answer, client } from '../api/client'
import { isRefusal } from '../api/refusal'
import type { FindBody, Ticket } from '../api/schema'
import { Page } from '../app/Page'
import { useText } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Failure } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import { TextInput } from '../parts/TextInput'
import { WAIT_S, waitOf } from '../parts/wait'
import { Changes } from './Changes'
import { shownState } from './flown'
import { isLocator, typed } from './letters'
import { TicketBody } from './TicketBody'
import styles from './tickets.module.css'

export default function FindPage() {
  const t = useText()
  const find = useMutation({
    mutationFn: (body: FindBody) => answer(client.POST('/passagens/procurar', { body })),
  })
  return (
    <Page
      title={t.find.title}
      lead={t.find.lead}
      aside={
        find.data && (
          <span className={styles.badge} data-state={shownState(find.data)}>
            {t.tickets.states[shownState(find.data)]}
          </span>
        )
      }
    >
      <Asking
        onAsk={(body) => find.mutate(body)}
        error={find.error}
        isWaiting={find.isPending}
        asksDay={isRefusal(find.error, 'booking-not-found')}
      />
      {find.data && <Found key={find.submittedAt} ticket={find.data} />}
    </Page>
  )
}

interface AskingProps {
  onAsk: (body: FindBody) => void
  error: Error | null
  isWaiting: boolean
  /** The day tells two bookings with the same letters apart, which hardly anybody has. */
  asksDay: boolean
}

function Asking({ onAsk, error, isWaiting, asksDay }: AskingProps) {
  const t = useText()
  const [letters, setLetters] = useState('')
  const [surname, setSurname] = useState('')
  const [day, setDay] = useState('')
  const [hasDay, setHasDay] = useState(false)
  const [isChecked, setChecked] = useState(false)
  if (asksDay && !hasDay) setHasDay(true)
  const faults = {
    letters: isLocator(letters) ? undefined : t.find.sixLetters,
    surname: surname.trim() === '' ? t.account.required : undefined,
  }
  const shown: Partial<typeof faults> = isChecked ? faults : {}
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (faults.letters ?? faults.surname) return
    onAsk({ localizador: typed(letters), sobrenome: surname.trim(), ...(day && { data: day }) })
  }
  return (
    <form className={classes('card', styles.find)} onSubmit={submit} noValidate>
      <TextInput
        label={t.locator.title}
        value={letters}
        onChange={setLetters}
        hint={t.find.lettersHint}
        fault={shown.letters}
        autoComplete="off"
        spellCheck="false"
      />
      <TextInput
        label={t.find.surname}
        value={surname}
        onChange={setSurname}
        hint={t.find.surnameHint}
        fault={shown.surname}
        autoComplete="family-name"
      />
      {hasDay && <TextInput label={t.find.day} type="date" value={day} onChange={setDay} />}
      {error && <NotFound error={error} />}
      <Button kind="primary" type="submit" isWaiting={isWaiting}>
        <Icon name="search" />
        {t.find.do}
      </Button>
    </form>
  )
}

/** The same answer whatever it is that does not fit. */
function NotFound({ error }: { error: Error }) {
  const t = useText()
  if (isRefusal(error, 'booking-not-found')) return <Notice tone="warning">{t.find.nothing}</Notice>
  if (isRefusal(error, 'too-many-requests'))
    return <Notice tone="warning">{t.find.tooMany(waitOf(error.retryAfter ?? WAIT_S))}</Notice>
  return <Failure error={error} />
}

function Found({ ticket }: { ticket: Ticket }) {
  const t = useText()
  const heading = useRef<HTMLHeadingElement>(null)
  // on a phone it is below what was pressed
  useEffect(() => heading.current?.focus(), [])
  return (
    <article className={classes('stack', styles.ticket)}>
      <h2 ref={heading} tabIndex={-1}>
        {t.find.found}
      </h2>
      <Changes ticket={ticket} />
      <TicketBody ticket={ticket} />
      <Notice
        action={
          <a className="button" href={`#/passagens/${ticket.uuid}`}>
            {t.find.toAccount}
          </a>
        }
      >
        {t.find.toChange}
      </Notice>
    </article>
  )
}
