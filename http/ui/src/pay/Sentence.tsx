// A sentence of payments where another one stands otherwise.

import { useAirlines } from '../api/airlines'
import { usePayWords } from './words'

interface Props {
  of: 'kept' | 'releaseHint'
}

export default function Sentence({ of }: Props) {
  return usePayWords()[of]
}

/** Whoever took the hold has the money, and alone knows. */
export function SoldElsewhere({ company }: { company: string }) {
  const nameOf = useAirlines()
  return usePayWords().elsewhere(nameOf(company))
}
