// What may be written into the fields of an account.

import { isRefusal } from '../api/refusal'
import type { Dictionary } from '../i18n'

interface Length {
  min: number
  max: number
}

export const LOGIN: Length = { min: 3, max: 64 }
export const PASSWORD: Length = { min: 8, max: 128 }
export const EMAIL_MAX = 254

export function lengthFault(t: Dictionary, text: string, { min, max }: Length): string | undefined {
  const length = [...text].length
  return length < min || length > max ? t.account.length(min, max) : undefined
}

/** Whether the node does not want what is in this field, which it names: what is seen here already is not sent. */
export const isUnfit = (error: Error | null, field: 'password' | 'new_password' | 'email'): boolean =>
  isRefusal(error, 'invalid-request') && error.sentence?.startsWith(field) === true
