// A company, told by its code; the colour helps and is never needed.

import { useText } from '../i18n'

/** Colours that styles/tokens.css has. */
const COLOURS = 6

export function companyColour(code: string): string {
  const sum = [...code].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)
  return `company-${sum % COLOURS}`
}

export function Company({ code }: { code: string }) {
  const t = useText()
  return (
    <span className={`company ${companyColour(code)}`}>
      <span className="visually-hidden">{t.search.company(code)}</span>
      <span aria-hidden="true">{code}</span>
    </span>
  )
}
