// Whose names are not shown, and why: only the companies of a trip know who travels, and none of them answers now.

import { useAirlines } from '../api/airlines'
import { useFormats, useText } from '../i18n'
import { Notice } from './Notice'

export function NamesAway({ companies }: { companies: string[] | undefined }) {
  const t = useText()
  const formats = useFormats()
  const nameOf = useAirlines()
  if (!companies?.length) return null
  return <Notice>{t.tickets.namesAway(formats.list(companies.map((code) => nameOf(code))))}</Notice>
}
