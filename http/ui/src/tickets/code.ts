// The code of an e-ticket, read without a connection: who signed it, and what it says. The same as `GET /bilhetes/{codigo}` tells but for
// what has become of its seats, which nobody knows here.

import type { Airport, Keys, TicketCheck } from '../api/schema'

/** As the header and the audience of such codes say, which the signature covers. */
const KIND = 'bilhete'

/** What a code says, in short: ticket, instant, name, seats, and what those are called. */
interface Content {
  u: string
  t: number
  n?: string
  l: Array<[company: string, flight: string, origin: string, destination: string, departs: number, number: number]>
  s?: string[]
}

/** `false`: no company signed it. `undefined`: this browser cannot tell. */
export async function opened(
  code: string,
  { keys }: Keys,
  airports: Airport[],
): Promise<TicketCheck | false | undefined> {
  const [head = '', body = '', signature = '', ...rest] = code.split('.')
  const header = parsed<{ alg?: string; typ?: string; kid?: string; crit?: unknown }>(head)
  const seal = parsed<{ aud?: string; c?: Content }>(body)
  const signed = bytesOf(signature)
  const key = keys.find(({ kid }) => kid === header?.kid)
  if (rest.length > 0 || !header || header.alg !== 'EdDSA' || header.typ !== KIND || header.crit !== undefined)
    return false
  if (!key || !signed || !seal?.c || seal.aud !== KIND) return false
  const raw = bytesOf(key.x)
  // http without TLS has no cryptography, and old browsers lack this curve
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined
  if (!subtle || !raw) return undefined
  const algorithm = { name: 'Ed25519' }
  const imported = await subtle.importKey('raw', raw, algorithm, false, ['verify']).catch(() => undefined)
  if (!imported) return undefined
  const isGood = await subtle.verify(algorithm, imported, signed, new TextEncoder().encode(`${head}.${body}`))
  return isGood && told(companyOf(key.kid), seal.c, airports)
}

/** A key is named by its company, and its own name behind a dot. */
const companyOf = (kid: string): string => kid.split('.')[0] ?? kid

function told(emissora: string, { u, t, n, l, s }: Content, airports: Airport[]): TicketCheck {
  const zoneOf = (iata: string) => airports.find((airport) => airport.iata === iata)?.fuso ?? 'UTC'
  return {
    valido: true,
    uuid: u.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    emissora,
    trechos: l.map(([company, voo, origem, destino, departs, numero], nth) => ({
      company,
      voo,
      origem,
      destino,
      partida: local(departs, zoneOf(origem)),
      numero,
      rotulo: s?.[nth] || null,
      passageiro: n ?? null,
      agora: null,
    })),
    emitido_em: new Date(t * 1000).toISOString(),
    consulta: null,
  }
}

/** RFC 3339 by the clock of a zone: `2026-11-27T09:00:00-03:00`. */
export function local(seconds: number, timeZone: string): string {
  const numbers: Intl.DateTimeFormatOptions = { year: 'numeric', month: '2-digit', day: '2-digit' }
  const clock: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }
  const at = new Date(seconds * 1000)
  const format = new Intl.DateTimeFormat('en-US', { timeZone, ...numbers, ...clock, timeZoneName: 'longOffset' })
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  const offset = part.timeZoneName?.replace('GMT', '') || '+00:00'
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}${offset}`
}

function parsed<T>(text: string): T | undefined {
  const bytes = bytesOf(text)
  try {
    return bytes && (JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as T)
  } catch {
    return undefined
  }
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const text = atob(base64url.replace(/-/g, '+').replace(/_/g, '/'))
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
  } catch {
    return undefined
  }
}
