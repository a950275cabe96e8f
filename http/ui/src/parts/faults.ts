// Where a form cannot be sent as it stands.

import { useEffect, useRef } from 'react'

/**
 * Leads the focus to the first field that has a fault, where it is read out: at each press (`tries` counts them) and each refusal
 * that is about a field.
 */
export function useFaultFocus(tries: number, refused?: Error | null) {
  const form = useRef<HTMLFormElement>(null)
  const lead = () => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  useEffect(lead, [tries])
  useEffect(() => {
    if (refused) lead()
  }, [refused])
  return form
}
