import { describe, expect, test } from 'vitest'

import { Refusal } from '../api/refusal'
import { pt } from '../i18n/pt'
import { isUnfit, lengthFault, LOGIN } from './lengths'
import { faultsOf } from './NewPassword'

const refused = (slug: string, detail: string) =>
  Refusal.of({ type: `https://passcom.invalid/problems/${slug}`, detail }, { status: 400 } as Response)

test('lengths count letters, as the server does', () => {
  const said = ['ab', 'abc', 'çãé', '👩👩', '👩👩👩', 'x'.repeat(64), 'x'.repeat(65)].map((login) =>
    lengthFault(pt, login, LOGIN),
  )
  const bad = 'De 3 a 64 caracteres.'
  expect(said).toEqual([bad, undefined, undefined, bad, undefined, undefined, bad])
})

describe('a field that the server does not want', () => {
  test('is the one that it names', () => {
    const common = refused('invalid-request', 'new_password é uma das senhas mais usadas')
    expect([isUnfit(common, 'new_password'), isUnfit(common, 'password'), isUnfit(common, 'email')]).toEqual([
      true,
      false,
      false,
    ])
  })
  test('is none where something else was refused', () => {
    for (const error of [null, new Error('password'), refused('bad-code', 'password'), Refusal.unreachable()])
      expect(isUnfit(error, 'password')).toBe(false)
  })
})

test.each([
  ['outra senha boa', 'outra senha boa', []],
  ['curta', 'curta', ['next']],
  ['outra senha boa', 'outra senha', ['repeated']],
  ['', 'x', ['next', 'repeated']],
])('a new password %j, repeated as %j, is wrong in %j', (next, repeated, wrong) => {
  const faults = Object.entries(faultsOf(pt, { next, repeated }))
  expect(faults.flatMap(([field, fault]) => (fault ? [field] : []))).toEqual(wrong)
})
