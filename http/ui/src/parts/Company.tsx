// A company, told by its name, or by its code where there is little room; the colour helps and is never needed.

import { useAirlines } from '../api/airlines'
import { classes } from './classes'
import styles from './parts.module.css'

const COLOURS = [styles.company0, styles.company1, styles.company2, styles.company3, styles.company4, styles.company5]

/** The class that has the colour of a company. */
export function companyColour(code: string): string | undefined {
  const sum = [...code].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)
  return COLOURS[sum % COLOURS.length]
}

export function Company({ code }: { code: string }) {
  const nameOf = useAirlines()
  return (
    <span className={classes(styles.company, companyColour(code))}>
      <span className="visually-hidden">{nameOf(code)}</span>
      <span aria-hidden="true">{code.toUpperCase()}</span>
    </span>
  )
}

/** Its code as a mark, and its name. */
export function NamedCompany({ code }: { code: string }) {
  const nameOf = useAirlines()
  return (
    <span className={styles.namedCompany}>
      <span className={classes(styles.company, companyColour(code))} aria-hidden="true">
        {code.toUpperCase()}
      </span>
      {nameOf(code)}
    </span>
  )
}
