// Sentences and formats in the visitor's language. Portuguese comes with the page, English when it is spoken.

import { store } from '../api/store'
import { language, useLanguage, type Language } from './language'
import { pt, type Dictionary } from './pt'
import { formats, type Formats } from './formats'

const dictionaries = store<Partial<Record<Language, Dictionary>>>({ 'pt-BR': pt })

export function useText(): Dictionary {
  return dictionaries.use()[useLanguage()] ?? pt
}

/** Fetches the sentences of this language; at once where they are here. */
export async function learn(wanted: Language = language()): Promise<void> {
  if (dictionaries.get()[wanted]) return
  const { en } = await import('./en')
  dictionaries.set({ ...dictionaries.get(), en })
}

const made = new Map<Language, Formats>()

export function useFormats(): Formats {
  const language = useLanguage()
  const known = made.get(language) ?? formats(language)
  made.set(language, known)
  return known
}

export type { Dictionary }
