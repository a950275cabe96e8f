// Sentences and formats in the visitor's language.

import { en } from './en'
import { useLanguage, type Language } from './language'
import { pt, type Dictionary } from './pt'
import { formats, type Formats } from './formats'

const dictionaries: Record<Language, Dictionary> = { 'pt-BR': pt, en }

export function useText(): Dictionary {
  return dictionaries[useLanguage()]
}

const made = new Map<Language, Formats>()

export function useFormats(): Formats {
  const language = useLanguage()
  const known = made.get(language) ?? formats(language)
  made.set(language, known)
  return known
}

export type { Dictionary }
