// The language of the page: Portuguese, until the visitor chooses English.

import { store } from '../api/store'

export type Language = 'pt-BR' | 'en'

const chosen = store<Language>('pt-BR', { key: 'passcom.language', in: 'localStorage' })

export const useLanguage = chosen.use
export const language = chosen.get

export function choose(next: Language): void {
  chosen.set(next)
  document.documentElement.lang = next
}
