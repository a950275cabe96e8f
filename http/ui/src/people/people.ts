// What is told of who travels, checked as it is typed by the same rules as the node's: documents by their kind, birth dates, telephones.

export const KINDS = ['cpf', 'passaporte', 'rg'] as const
export type Kind = (typeof KINDS)[number]

export interface Traveller {
  nome: string
  /** Of the document that is written; a CPF where nothing was chosen. */
  tipo?: Kind
  documento: string
  /** Of a passport, two letters. */
  pais?: string
  /** YYYY-MM-DD. */
  nascimento?: string
}

export interface Contact {
  email: string
  telefone: string
}

/** What a company asks to be told. */
export interface Required {
  documento: boolean
  nascimento: boolean
}

export type DocumentFault = 'missing' | 'cpfDigits' | 'cpfCheck' | 'passport' | 'brazilianPassport' | 'country' | 'rg'
export type BirthFault = 'missing' | 'noDay' | 'future' | 'tooLongAgo'

const CPF_LEN = 11
const OLDEST_YEARS = 122

export const NOBODY: Traveller = { nome: '', documento: '' }

const compact = (text: string) => text.replace(/[\s./-]/g, '').toUpperCase()

/** `12345678909` as people write it, as far as it is typed. */
export function cpfMask(text: string): string {
  const digits = text.replace(/\D/g, '').slice(0, CPF_LEN)
  const parts = [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6, 9)].filter(Boolean)
  const end = digits.slice(9)
  return parts.join('.') + (end && `-${end}`)
}

/** The last two digits check those before them. */
export function isCpf(text: string): boolean {
  const digits = [...compact(text)].map(Number)
  if (digits.length !== CPF_LEN || digits.some(Number.isNaN) || digits.every((digit) => digit === digits[0]))
    return false
  const check = (at: number) => ((digits.slice(0, at).reduce((sum, d, i) => sum + d * (at + 1 - i), 0) * 10) % 11) % 10
  return digits[9] === check(9) && digits[10] === check(10)
}

/** What is wrong with the document of a traveller; of a CPF that is still being typed, nothing yet. */
export function documentFault(of: Traveller, isRequired: boolean, isTyping = false): DocumentFault | undefined {
  const number = compact(of.documento)
  if (number === '') return isRequired && !isTyping ? 'missing' : undefined
  switch (of.tipo ?? 'cpf') {
    case 'cpf':
      if (!/^\d{11}$/.test(number)) return isTyping && /^\d*$/.test(number) ? undefined : 'cpfDigits'
      return isCpf(number) ? undefined : 'cpfCheck'
    case 'passaporte': {
      const country = of.pais ?? 'BR'
      if (!/^[A-Z]{2}$/.test(country)) return 'country'
      if (isTyping) return /^[A-Z0-9]{0,9}$/.test(number) ? undefined : 'passport'
      if (country === 'BR') return /^[A-Z]{2}\d{6}$/.test(number) ? undefined : 'brazilianPassport'
      return /^[A-Z0-9]{5,9}$/.test(number) && /\d/.test(number) ? undefined : 'passport'
    }
    case 'rg':
      if (isTyping) return undefined
      return /^[A-Z0-9]{4,14}$/.test(number) && number.replace(/\D/g, '').length >= 4 ? undefined : 'rg'
  }
}

export function birthFault(nascimento: string | undefined, isRequired: boolean, today: string): BirthFault | undefined {
  if (!nascimento) return isRequired ? 'missing' : undefined
  const [year = 0, month = 0, day = 0] = nascimento.split('-').map(Number)
  const date = new Date(Date.UTC(year, month - 1, day))
  const isDay = /^\d{4}-\d\d-\d\d$/.test(nascimento) && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!isDay) return 'noDay'
  if (nascimento > today) return 'future'
  return Number(today.slice(0, 4)) - year > OLDEST_YEARS ? 'tooLongAgo' : undefined
}

/** Loosely, as people type it: area code and number, or + and the country. The node looks closer. */
export function isPhone(text: string): boolean {
  const digits = text.replace(/[\s()./-]/g, '')
  if (/^(\+|00)/.test(digits)) return /^(\+|00)[1-9]\d{7,14}$/.test(digits)
  return /^0?[1-9][1-9](9\d{8}|[2-5]\d{7})$/.test(digits) || /^55[1-9][1-9](9\d{8}|[2-5]\d{7})$/.test(digits)
}

/** What is sent of a traveller: nothing of what is not there. */
export function passengerOf(of: Traveller) {
  const tipo = of.tipo ?? 'cpf'
  const numero = of.documento.trim()
  return {
    nome: of.nome.trim(),
    ...(numero && { documento: { tipo, numero, ...(tipo === 'passaporte' && { pais: of.pais ?? 'BR' }) } }),
    ...(of.nascimento && { nascimento: of.nascimento }),
  }
}

/** What is sent of how to reach who books; nothing where nothing is told. */
export function contactOf({ email, telefone }: Contact) {
  const told = {
    ...(email.trim() && { email: email.trim() }),
    ...(telefone.trim() && { telefone: telefone.trim() }),
  }
  return Object.keys(told).length > 0 ? told : undefined
}

/** Several companies of a trip ask for all that each of them asks for. */
export function requiredOf(companies: Array<{ exige: Required }>): Required {
  return {
    documento: companies.some(({ exige }) => exige.documento),
    nascimento: companies.some(({ exige }) => exige.nascimento),
  }
}
