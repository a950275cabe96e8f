// The second step of who has forgotten the password: the code, and another password. Whoever has both is signed in.

import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'

import { answer, client } from '../api/client'
import { isRefusal } from '../api/refusal'
import { begin } from '../api/session'
import { Page } from '../app/Page'
import { useText, type Dictionary } from '../i18n'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { sentenceOf } from '../parts/Failure'
import { useFaultFocus } from '../parts/faults'
import { Notice } from '../parts/Notice'
import { TextInput } from '../parts/TextInput'
import { WAIT_S, waitOf } from '../parts/wait'
import { typed } from '../tickets/letters'
import styles from './account.module.css'
import { useKnownLogin } from './AskForCode'
import { ASK, goOn, isCode, useForgotten } from './forgotten'
import { isUnfit, lengthFault, LOGIN } from './lengths'
import { faultsOf, NewPassword, TWICE_NOTHING } from './NewPassword'

export default function EnterCode() {
  const t = useText()
  const [isDone, setDone] = useState(false)
  if (isDone) return <Done />
  return (
    <Page title={t.forgotten.newTitle}>
      <Form onDone={() => setDone(true)} />
      <Help />
    </Page>
  )
}

/** Blanks between its digits are room enough. */
const CODE_LENGTH_MAX = 32

function Form({ onDone }: { onDone: () => void }) {
  const t = useText()
  const { isAsked } = useForgotten()
  const [login, setLogin] = useState(useKnownLogin())
  const [code, setCode] = useState('')
  const [twice, setTwice] = useState(TWICE_NOTHING)
  const [tries, setTries] = useState(0)
  const reset = useMutation({
    mutationFn: async () => {
      const body = { login: login.trim(), codigo: typed(code), new_password: twice.next }
      begin(body.login, await answer(client.POST('/conta/senha/nova', { body })))
    },
    onSuccess: onDone,
  })
  const form = useFaultFocus(tries, reset.error)
  const isBadCode = isRefusal(reset.error, 'bad-code')
  const isCommon = isUnfit(reset.error, 'new_password')
  const own = {
    login: lengthFault(t, login.trim(), LOGIN),
    code: isCode(code) ? undefined : t.forgotten.eightDigits,
    ...faultsOf(t, twice),
  }
  const shown: Partial<typeof own> = tries > 0 ? own : {}
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTries(tries + 1)
    if (!Object.values(own).some(Boolean)) reset.mutate()
  }
  return (
    <form ref={form} className={classes('card stack', styles.form)} onSubmit={submit} noValidate>
      {isAsked ? <Notice>{t.forgotten.onItsWay}</Notice> : <p className="lead">{t.forgotten.enterHint}</p>}
      <TextInput
        label={t.account.login}
        value={login}
        onChange={(login) => {
          setLogin(login)
          if (isBadCode) reset.reset()
        }}
        autoComplete="username"
        spellCheck="false"
        fault={shown.login}
      />
      <TextInput
        label={t.forgotten.code}
        value={code}
        onChange={(code) => {
          setCode(code)
          if (isBadCode) reset.reset()
        }}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={CODE_LENGTH_MAX}
        hint={t.forgotten.codeHint}
        fault={shown.code ?? (isBadCode ? t.forgotten.badCode : undefined)}
      />
      <a href={ASK}>{t.forgotten.another}</a>
      <NewPassword
        value={twice}
        onChange={(twice) => {
          setTwice(twice)
          if (isCommon) reset.reset()
        }}
        faults={{ ...shown, next: shown.next ?? (isCommon ? t.account.common : undefined) }}
      />
      {reset.error && !isBadCode && !isCommon && <Notice tone="bad">{explained(t, reset.error)}</Notice>}
      <Button kind="primary" type="submit" isWaiting={reset.isPending}>
        {t.forgotten.save}
      </Button>
    </form>
  )
}

/** What to do where no code comes, or a letter that has none. */
function Help() {
  const t = useText()
  return (
    <section className={styles.help}>
      <h2>{t.forgotten.noneCame}</h2>
      <p>{t.forgotten.noneCameHint}</p>
      <h2>{t.forgotten.elsewhere}</h2>
      <p>{t.forgotten.elsewhereHint}</p>
    </section>
  )
}

function Done() {
  const t = useText()
  return (
    <Page title={t.forgotten.doneTitle} lead={t.forgotten.done}>
      <div className="row">
        <Button kind="primary" onPress={goOn}>
          {t.forgotten.goOn}
        </Button>
      </div>
    </Page>
  )
}

function explained(t: Dictionary, error: Error): string {
  if (!isRefusal(error)) return sentenceOf(t, error)
  if (error.slug === 'too-many-requests') return t.forgotten.tooManyTries(waitOf(error.retryAfter ?? WAIT_S))
  if (error.slug === 'no-mail') return t.forgotten.noMail
  if (error.leavesOpen) return t.forgotten.unsure
  return error.status === 503 ? t.forgotten.away : sentenceOf(t, error)
}
