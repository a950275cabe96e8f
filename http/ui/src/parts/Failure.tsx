// A request that failed: what the server said, and another try where that may help.

import { Refusal } from '../api/refusal'
import { useText, type Dictionary } from '../i18n'
import { Button } from './Button'
import { Notice } from './Notice'

export function Failure({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const t = useText()
  return (
    <Notice tone="bad" action={onRetry && <Button onPress={onRetry}>{t.app.retry}</Button>}>
      {sentenceOf(t, error)}
    </Notice>
  )
}

export function sentenceOf(t: Dictionary, error: Error): string {
  if (error instanceof Refusal) return error.sentence ?? t.app.unreachable
  return t.app.failed
}

/** Why, as part of a sentence about a company; what the page has no words for is said by its type. */
export function whyOf(t: Dictionary, slug: string): string {
  return (t.why as Record<string, string>)[slug] ?? slug
}
