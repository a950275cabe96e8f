// Where the files of a ticket are. The browser sends the session with a plain link, and saves what comes.

import type { Language } from '../i18n/language'

/** A page for each person, for each person and flight, or one sheet for all. */
export const FORMS = ['0', 'trecho', '1'] as const
export type Form = (typeof FORMS)[number]

const fileOf = (uuid: string, name: string, words: Record<string, string>) =>
  `/passagens/${encodeURIComponent(uuid)}/${name}?${new URLSearchParams(words).toString()}`

export const pdfOf = (uuid: string, idioma: Language, folha: Form) => fileOf(uuid, 'bilhete.pdf', { idioma, folha })
export const calendarOf = (uuid: string, idioma: Language) => fileOf(uuid, 'calendario.ics', { idioma })
