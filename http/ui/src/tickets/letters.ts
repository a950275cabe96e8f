// How a locator is written and said.

/** `ABC DEF`. */
export const grouped = (letters: string): string => `${letters.slice(0, 3)} ${letters.slice(3)}`

/** `A, B, C, D, E, F`: no voice makes a word of it. */
export const spelt = (letters: string): string => [...letters].join(', ')

/** What was typed, as it stands on a ticket; blanks and hyphens do not count. */
export const typed = (text: string): string => text.replace(/[\s-]/g, '').toUpperCase()

/** Six letters. */
export const isLocator = (text: string): boolean => /^[A-Z0-9]{6}$/.test(typed(text))
