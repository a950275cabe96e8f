// Where the files of a ticket are. The browser sends the session with a plain link, and saves what comes.

import type { Language } from '../i18n/language'

const fileOf = (name: string) => (uuid: string, language: Language) =>
  `/passagens/${encodeURIComponent(uuid)}/${name}?idioma=${language}`

export const pdfOf = fileOf('bilhete.pdf')
export const calendarOf = fileOf('calendario.ics')
