// A company, told by its code; the colour helps and is never needed.

import { useText } from '../i18n'
import { classes } from './classes'
import styles from './parts.module.css'

const COLOURS = [styles.company0, styles.company1, styles.company2, styles.company3, styles.company4, styles.company5]

/** The class that has the colour of a company. */
export function companyColour(code: string): string | undefined {
  const sum = [...code].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)
  return COLOURS[sum % COLOURS.length]
}

export function Company({ code }: { code: string }) {
  const t = useText()
  return (
    <span className={classes(styles.company, companyColour(code))}>
      <span className="visually-hidden">{t.search.company(code)}</span>
      <span aria-hidden="true">{code}</span>
    </span>
  )
}
