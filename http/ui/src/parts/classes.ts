// The `class` of an element that has several names.

export const classes = (...names: Array<string | undefined>): string => names.filter(Boolean).join(' ')
