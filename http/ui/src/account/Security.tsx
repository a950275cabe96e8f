// Another password, another address for mail, and the end of all sessions. All need the present password: a stolen token is good for none.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'

import { answer, client } from '../api/client'
import { profile as profileQuery } from '../api/queries'
import { isRefusal, Refusal } from '../api/refusal'
import type { Account } from '../api/schema'
import { begin, useSession } from '../api/session'
import { useText, type Dictionary } from '../i18n'
import { Button } from '../parts/Button'
import { Dialog } from '../parts/Dialog'
import { Failure } from '../parts/Failure'
import { useFaultFocus } from '../parts/faults'
import { Notice } from '../parts/Notice'
import { Skeletons } from '../parts/Skeleton'
import { TextInput } from '../parts/TextInput'
import { WAIT_S, waitOf } from '../parts/wait'
import { ForgottenLink } from './ForgottenLink'
import { signOut } from './leaving'
import { EMAIL_MAX, isUnfit } from './lengths'
import { faultsOf, NewPassword, TWICE_NOTHING } from './NewPassword'

export type Deed = 'change' | 'email' | 'everywhere'

export default function Security({ deed, onClose }: { deed: Deed; onClose: () => void }) {
  const t = useText()
  const session = useSession()
  // what ends all sessions ends this one, and says so still
  const [login] = useState(session.is === 'in' ? session.login : '')
  return (
    <Dialog isOpen onClose={onClose} title={t.account[deed]}>
      {deed === 'change' && <Change login={login} onClose={onClose} />}
      {deed === 'email' && <Email login={login} onClose={onClose} />}
      {deed === 'everywhere' && <Everywhere login={login} onClose={onClose} />}
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

function Email(props: Props) {
  const session = useSession()
  const { data, error, refetch } = useQuery(profileQuery(session.is === 'in' ? session.user : ''))
  if (data) return <EmailForm {...props} profile={data} />
  return error ? <Failure error={error} onRetry={() => void refetch()} /> : <Skeletons count={1} />
}

function EmailForm({ login, onClose, profile }: Props & { profile: Account }) {
  const t = useText()
  const queries = useQueryClient()
  const [email, setEmail] = useState(profile.email ?? '')
  const [present, setPresent] = useState('')
  const [tries, setTries] = useState(0)
  const change = useMutation({
    mutationFn: async () => {
      const body = { login, password: present, email: email.trim() || null }
      begin(login, await answer(client.POST('/conta/email', { body })))
      void queries.invalidateQueries({ queryKey: profileQuery(profile.user_uuid).queryKey })
    },
  })
  const form = useFaultFocus(tries, change.error)
  const isNone = isUnfit(change.error, 'email')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTries(tries + 1)
    if (present !== '') change.mutate()
  }
  if (change.isSuccess)
    return <Done sentence={email.trim() ? t.account.emailSaved : t.account.emailGone} onClose={onClose} />
  return (
    <form ref={form} className="stack" onSubmit={submit} noValidate>
      <p className="lead">{t.account.emailLead}</p>
      {!profile.envia_email && <Notice>{t.account.emailNotHere}</Notice>}
      <TextInput
        label={t.people.email}
        type="email"
        autoComplete="email"
        autoFocus
        value={email}
        maxLength={EMAIL_MAX}
        onChange={(email) => {
          setEmail(email)
          if (isNone) change.reset()
        }}
        hint={t.account.emailHint}
        fault={isNone ? t.account.noAddress : undefined}
      />
      <Present
        value={present}
        onChange={setPresent}
        fault={tries > 0 && present === '' ? t.account.required : undefined}
        autoFocus={false}
      />
      <ForgottenLink login={login} onLeave={onClose} />
      {change.error && !isNone && <Failure error={explained(t, change.error, t.account.unsureEmail)} />}
      <Button kind="primary" type="submit" isWaiting={change.isPending}>
        {t.account.emailSave}
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
  autoFocus?: boolean
}

/** The password that all deeds need. */
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
