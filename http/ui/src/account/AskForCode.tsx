// The first step of who has forgotten the password: a code is asked for. Nothing here tells whether anybody has this login.

import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'

import { answer, client } from '../api/client'
import { isRefusal } from '../api/refusal'
import { useSession } from '../api/session'
import { Page } from '../app/Page'
import { useText, type Dictionary } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { sentenceOf } from '../parts/Failure'
import { useFaultFocus } from '../parts/faults'
import { Notice } from '../parts/Notice'
import { TextInput } from '../parts/TextInput'
import { useWait, WAIT_S, waitOf } from '../parts/wait'
import styles from './account.module.css'
import { toCode, useForgotten } from './forgotten'
import { lengthFault, LOGIN } from './lengths'

export default function AskForCode() {
  const t = useText()
  const [login, setLogin] = useState(useKnownLogin())
  const [tries, setTries] = useState(0)
  const ask = useMutation({
    mutationFn: (login: string) => answer(client.POST('/conta/senha/codigo', { body: { login } })),
    onSuccess: (_, login) => toCode(login, true),
  })
  const tooMany = isRefusal(ask.error, 'too-many-requests') ? ask.error : undefined
  const wait = useWait(tooMany)
  const isOverdue = tooMany !== undefined && wait === 0
  const fault = lengthFault(t, login.trim(), LOGIN)
  const form = useFaultFocus(tries)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTries(tries + 1)
    if (!fault) ask.mutate(login.trim())
  }
  return (
    <Page title={t.forgotten.title} lead={t.forgotten.lead}>
      <form ref={form} className={classes('card stack', styles.form)} onSubmit={submit} noValidate>
        <TextInput
          label={t.account.login}
          value={login}
          onChange={(login) => {
            setLogin(login)
            // what was refused was of another one
            if (ask.error) ask.reset()
          }}
          autoComplete="username"
          spellCheck="false"
          fault={tries > 0 ? fault : undefined}
        />
        {ask.error && !isOverdue && <Notice tone="bad">{explained(t, ask.error)}</Notice>}
        <Button kind="primary" type="submit" isWaiting={ask.isPending || wait > 0}>
          {t.forgotten.ask}
        </Button>
        <Button kind="link" onPress={() => toCode(login, false)}>
          {t.forgotten.haveCode}
        </Button>
      </form>
    </Page>
  )
}

/** What was typed at the sign-in, else who is signed in here, or was. */
export function useKnownLogin(): string {
  const { login } = useForgotten()
  const session = useSession()
  return login || (session.is === 'out' ? '' : session.login)
}

function explained(t: Dictionary, error: Error): string {
  if (!isRefusal(error)) return sentenceOf(t, error)
  if (error.slug === 'too-many-requests') return t.forgotten.tooManyCodes(waitOf(error.retryAfter ?? WAIT_S))
  if (error.slug === 'no-mail') return t.forgotten.noMail
  if (error.leavesOpen) return t.forgotten.unsureAsked
  return error.status === 503 ? t.forgotten.away : sentenceOf(t, error)
}
