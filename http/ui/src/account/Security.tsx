// Another password, and the end of all sessions. Both need the present password: a stolen token is good for neither.

import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'

import { answer, client } from '../api/client'
import { isRefusal, Refusal } from '../api/refusal'
import { begin, useSession } from '../api/session'
import { useText, type Dictionary } from '../i18n'
import { Button } from '../parts/Button'
import { Dialog } from '../parts/Dialog'
import { Failure } from '../parts/Failure'
import { Notice } from '../parts/Notice'
import { TextInput } from '../parts/TextInput'
import { WAIT_S, waitOf } from '../parts/wait'
import { ForgottenLink } from './ForgottenLink'
import { signOut } from './leaving'
import { isUnfit } from './lengths'
import { faultsOf, NewPassword, TWICE_NOTHING } from './NewPassword'

export type Deed = 'change' | 'everywhere'

export default function Security({ deed, onClose }: { deed: Deed; onClose: () => void }) {
  const t = useText()
  const session = useSession()
  // what ends all sessions ends this one, and says so still
  const [login] = useState(session.is === 'in' ? session.login : '')
  return (
    <Dialog isOpen onClose={onClose} title={t.account[deed]}>
      {deed === 'change' ? <Change login={login} onClose={onClose} /> : <Everywhere login={login} onClose={onClose} />}
    </Dialog>
  )
}

interface Props {
  login: string
  onClose: () => void
}

function Change({ login, onClose }: Props) {
  const t = useText()
  const [present, setPresent] = useState('')
  const [twice, setTwice] = useState(TWICE_NOTHING)
  const [isChecked, setChecked] = useState(false)
  const change = useMutation({
    mutationFn: async () => {
      const body = { login, password: present, new_password: twice.next }
      begin(login, await answer(client.POST('/conta/senha', { body })))
    },
  })
  const own = faultsOf(t, twice)
  const faults = {
    ...own,
    present: present === '' ? t.account.required : undefined,
    next: own.next ?? (twice.next === present ? t.account.sameAsBefore : undefined),
  }
  const shown: Partial<typeof faults> = isChecked ? faults : {}
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (!Object.values(faults).some(Boolean)) change.mutate()
  }
  if (change.isSuccess) return <Done sentence={t.account.changed} onClose={onClose} />
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <p className="lead">{t.account.changeHint}</p>
      {/* for what keeps passwords */}
      <input className="visually-hidden" type="text" autoComplete="username" value={login} readOnly hidden />
      <Present value={present} onChange={setPresent} fault={shown.present} />
      <ForgottenLink login={login} onLeave={onClose} />
      <NewPassword value={twice} onChange={setTwice} faults={shown} />
      {change.error && <Failure error={explained(t, change.error, t.account.unsureChange)} />}
      <Button kind="primary" type="submit" isWaiting={change.isPending}>
        {t.account.change}
      </Button>
    </form>
  )
}

function Everywhere({ login, onClose }: Props) {
  const t = useText()
  const [present, setPresent] = useState('')
  const [isChecked, setChecked] = useState(false)
  const end = useMutation({
    mutationFn: () => answer(client.POST('/conta/sair', { body: { login, password: present } })),
    onSuccess: signOut,
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (present !== '') end.mutate()
  }
  if (end.isSuccess) return <Done sentence={t.account.everywhereDone} onClose={onClose} />
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <p className="lead">{t.account.everywhereHint}</p>
      <Present
        value={present}
        onChange={setPresent}
        fault={isChecked && present === '' ? t.account.required : undefined}
      />
      <ForgottenLink login={login} onLeave={onClose} />
      {end.error && <Failure error={explained(t, end.error, t.account.unsureEverywhere)} />}
      <Button kind="danger" type="submit" isWaiting={end.isPending}>
        {t.account.everywhere}
      </Button>
    </form>
  )
}

interface PresentProps {
  value: string
  onChange: (password: string) => void
  fault: string | undefined
}

/** The password that both deeds need. */
function Present(props: PresentProps) {
  const t = useText()
  return <TextInput label={t.account.present} type="password" autoComplete="current-password" autoFocus {...props} />
}

function Done({ sentence, onClose }: { sentence: string; onClose: () => void }) {
  const t = useText()
  return (
    <>
      <Notice tone="good">{sentence}</Notice>
      <Button kind="primary" onPress={onClose} autoFocus>
        {t.app.close}
      </Button>
    </>
  )
}

/** Where no answer tells what was done, that is said, and what to do about it. */
function explained(t: Dictionary, error: Error, unsure: string): Error {
  const say = (sentence: string) => new Refusal('', 0, sentence, {})
  if (isRefusal(error, 'bad-credentials')) return say(t.account.badPresent)
  if (isRefusal(error, 'too-many-requests')) return say(t.account.tooMany(waitOf(error.retryAfter ?? WAIT_S)))
  if (isRefusal(error, 'overloaded')) return say(t.account.busy)
  if (isUnfit(error, 'new_password')) return say(t.account.common)
  if (isRefusal(error) && error.leavesOpen) return say(unsure)
  return error
}
