// Light or dark: as the system says, until the visitor chooses.

import { store } from '../api/store'

export type Theme = 'system' | 'light' | 'dark'

const chosen = store<Theme>('system', { key: 'passcom.theme', in: 'localStorage' })

export const useTheme = chosen.use

export function choose(theme: Theme): void {
  chosen.set(theme)
  apply()
}

/** Styles look at `data-theme`; without it they follow the system. */
export function apply(): void {
  const theme = chosen.get()
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}
