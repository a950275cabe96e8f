import { expect, test } from 'vitest'

import type { Airport, Keys } from '../api/schema'
import { local, opened } from './code'

const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const CONTENT = {
  u: '018f2f6e00007000800000000000000a',
  t: 1_780_000_000,
  n: 'Ana Conceição',
  l: [['b', 'B1042', 'MAO', 'GRU', 1_795_446_000, 7]],
  s: ['2A'],
}
const AIRPORTS = [{ iata: 'MAO', fuso: 'America/Manaus' }] as Airport[]

async function signed(head: object, body: object): Promise<[code: string, keys: Keys]> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  const said = `${text(head)}.${text(body)}`
  const signature = await crypto.subtle.sign('Ed25519', pair.privateKey, new TextEncoder().encode(said))
  const { x = '' } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const key = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: 'a.1f2e3d4c', x } as const
  return [`${said}.${Buffer.from(signature).toString('base64url')}`, { keys: [key] }]
}

const HEAD = { alg: 'EdDSA', typ: 'bilhete', kid: 'a.1f2e3d4c' }
const BODY = { aud: 'bilhete', c: CONTENT }

test('a code tells who travels, in which seat, by the clock of the airport, and that nobody was asked', async () => {
  const [code, keys] = await signed(HEAD, BODY)
  const check = await opened(code, keys, AIRPORTS)
  expect(check).toMatchObject({
    uuid: '018f2f6e-0000-7000-8000-00000000000a',
    emissora: 'a',
    consulta: null,
    trechos: [{ voo: 'B1042', numero: 7, rotulo: '2A', passageiro: 'Ana Conceição', agora: null }],
  })
  expect(check && check.trechos[0]?.partida).toBe('2026-11-23T11:00:00-04:00')
})

test.each([
  ['of another kind', { ...HEAD, typ: 'cancelamento' }, BODY],
  ['for another audience', HEAD, { ...BODY, aud: 'passcom' }],
  ['of a company that is not known', { ...HEAD, kid: 'z' }, BODY],
  ['without a signature worth the name', { ...HEAD, alg: 'none' }, BODY],
])('a code %s is none', async (_, head, body) => {
  const [code, keys] = await signed(head, body)
  expect(await opened(code, keys, AIRPORTS)).toBe(false)
})

test('a letter that was changed breaks the signature', async () => {
  const [code, keys] = await signed(HEAD, BODY)
  const [head, body, signature] = code.split('.')
  const other = text({ ...BODY, c: { ...CONTENT, n: 'Bia' } })
  expect(await opened(`${head}.${other}.${signature}`, keys, AIRPORTS)).toBe(false)
  for (const nonsense of ['', 'a.b.c', `${head}.${body}`, `${code}.x`, '{}']) {
    expect(await opened(nonsense, keys, AIRPORTS)).toBe(false)
  }
})

test.each([
  [1_795_446_000, 'America/Sao_Paulo', '2026-11-23T12:00:00-03:00'],
  [1_795_446_000, 'UTC', '2026-11-23T15:00:00+00:00'],
  [1_795_404_600, 'America/Noronha', '2026-11-23T01:30:00-02:00'],
  [1_795_402_800, 'Asia/Kathmandu', '2026-11-23T08:45:00+05:45'],
])('%d in %s is %s', (seconds, zone, told) => expect(local(seconds, zone)).toBe(told))
