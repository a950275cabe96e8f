// Another password, written twice.

import { useText, type Dictionary } from '../i18n'
import { TextInput } from '../parts/TextInput'
import { lengthFault, PASSWORD } from './lengths'

export interface Twice {
  next: string
  repeated: string
}

export const TWICE_NOTHING: Twice = { next: '', repeated: '' }

type Faults = { [Field in keyof Twice]: string | undefined }

export function faultsOf(t: Dictionary, { next, repeated }: Twice): Faults {
  return {
    next: lengthFault(t, next, PASSWORD),
    repeated: repeated === next ? undefined : t.account.differs,
  }
}

interface Props {
  value: Twice
  onChange: (value: Twice) => void
  faults: Partial<Faults>
}

export function NewPassword({ value, onChange, faults }: Props) {
  const t = useText()
  const kind = { type: 'password', autoComplete: 'new-password' } as const
  return (
    <>
      <TextInput
        label={t.account.next}
        {...kind}
        value={value.next}
        onChange={(next) => onChange({ ...value, next })}
        hint={t.account.passwordHint}
        fault={faults.next}
      />
      <TextInput
        label={t.account.repeat}
        {...kind}
        value={value.repeated}
        onChange={(repeated) => onChange({ ...value, repeated })}
        fault={faults.repeated}
      />
    </>
  )
}
