// The language of the page: the browser's, until the visitor chooses one.

import { store } from '../api/store'

export type Language = 'pt-BR' | 'en'

/** The first of these that is spoken here; Portuguese where none is. */
export function spoken(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const [name] = tag.toLowerCase().split('-')
    if (name === 'pt') return 'pt-BR'
    if (name === 'en') return 'en'
  }
  return 'pt-BR'
}

const first = spoken(typeof navigator === 'undefined' ? [] : (navigator.languages ?? []))
const chosen = store<Language>(first, { key: 'passcom.language', in: 'localStorage' })

export const useLanguage = chosen.use
export const language = chosen.get
export const onChosen = chosen.watch

export function choose(next: Language): void {
  chosen.set(next)
  apply()
}

/** The document says which language it is in. */
export function apply(): void {
  document.documentElement.lang = chosen.get()
}
