// The dialog to sign in or up. It lies over whatever was being done, which goes on behind it.

import { useMutation } from '@tanstack/react-query'
import { useRef, useState, type FormEvent } from 'react'

import { answer, client } from '../api/client'
import { isRefusal, Refusal } from '../api/refusal'
import { begin, useSession } from '../api/session'
import { useText, type Dictionary } from '../i18n'
import { Button } from '../parts/Button'
import { Dialog } from '../parts/Dialog'
import { Failure } from '../parts/Failure'
import { TextInput } from '../parts/TextInput'
import { useWait, WAIT_S, waitOf } from '../parts/wait'
import type { Asking } from './asking'
import { ForgottenLink } from './ForgottenLink'
import { EMAIL_MAX, isUnfit, lengthFault as fault, LOGIN, PASSWORD } from './lengths'

export default function SignIn({ asking }: { asking: Asking }) {
  const t = useText()
  const [isNew, setNew] = useState(false)
  return (
    <Dialog isOpen onClose={() => asking.settle(false)} title={isNew ? t.account.welcomeNew : t.account.welcome}>
      <Form why={asking.why} isNew={isNew} onNew={setNew} onDone={asking.settle} />
    </Dialog>
  )
}

interface FormProps {
  why: string | undefined
  isNew: boolean
  onNew: (isNew: boolean) => void
  onDone: (signedIn: boolean) => void
}

function Form({ why, isNew, onNew, onDone }: FormProps) {
  const t = useText()
  const session = useSession()
  const form = useRef<HTMLFormElement>(null)
  const [login, setLogin] = useState(session.is === 'ended' ? session.login : '')
  const [password, setPassword] = useState('')
  const [email, setEmail] = useState('')
  const [checked, setChecked] = useState(false)
  const enter = useMutation({
    mutationFn: async () => {
      const body = { login: login.trim(), password }
      if (isNew) {
        await answer(client.POST('/register-all', { body: { ...body, email: email.trim() } }))
        // another try only signs in
        onNew(false)
      }
      begin(body.login, await answer(client.POST('/login', { body })))
    },
    onSuccess: () => onDone(true),
  })
  const isCommon = isUnfit(enter.error, 'password')
  const isNoAddress = isUnfit(enter.error, 'email')
  const tooMany = isRefusal(enter.error, 'too-many-requests') ? enter.error : undefined
  const wait = useWait(tooMany)
  const isOverdue = tooMany !== undefined && wait === 0
  const faults =
    isNew && checked
      ? {
          login: fault(t, login.trim(), LOGIN),
          password: fault(t, password, PASSWORD) ?? (isCommon ? t.account.common : undefined),
        }
      : {}
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (isNew && (fault(t, login.trim(), LOGIN) || fault(t, password, PASSWORD))) return
    if (login && password) enter.mutate()
  }
  const turn = () => {
    onNew(!isNew)
    enter.reset()
    form.current?.querySelector('input')?.focus()
  }
  return (
    <form ref={form} className="stack" onSubmit={submit} noValidate>
      {why && <p className="lead">{why}</p>}
      <TextInput
        label={t.account.login}
        value={login}
        onChange={setLogin}
        autoComplete="username"
        autoFocus
        hint={isNew ? t.account.loginHint : undefined}
        fault={faults.login}
      />
      <TextInput
        label={t.account.password}
        type="password"
        value={password}
        onChange={(password) => {
          setPassword(password)
          if (isCommon) enter.reset()
        }}
        autoComplete={isNew ? 'new-password' : 'current-password'}
        hint={isNew ? t.account.passwordHint : undefined}
        fault={faults.password}
      />
      {isNew && (
        <TextInput
          label={t.account.emailNew}
          type="email"
          autoComplete="email"
          value={email}
          maxLength={EMAIL_MAX}
          onChange={(email) => {
            setEmail(email)
            if (isNoAddress) enter.reset()
          }}
          hint={t.account.emailNewHint}
          fault={isNoAddress ? t.account.noAddress : undefined}
        />
      )}
      {!isNew && <ForgottenLink login={login} onLeave={() => onDone(false)} />}
      {enter.error && !isCommon && !isNoAddress && !isOverdue && <Failure error={explained(t, enter.error, isNew)} />}
      <Button kind="primary" type="submit" isWaiting={enter.isPending || wait > 0}>
        {isNew ? t.account.signUp : t.account.signIn}
      </Button>
      <p>
        {isNew ? t.account.hasAccount : t.account.noAccount}{' '}
        <Button kind="link" onPress={turn}>
          {isNew ? t.account.signIn : t.account.signUp}
        </Button>
      </p>
    </form>
  )
}

/** The server's sentences for these are of the old contract, and say less than can be said here. */
function explained(t: Dictionary, error: Error, isNew: boolean): Error {
  const say = (sentence: string) => new Refusal('', 0, sentence, {})
  if (isRefusal(error, 'bad-credentials')) return say(t.account.bad)
  if (isRefusal(error, 'login-taken')) return say(t.account.taken)
  if (isRefusal(error, 'too-many-requests'))
    return say((isNew ? t.account.tooManyNew : t.account.tooMany)(waitOf(error.retryAfter ?? WAIT_S)))
  return error
}
