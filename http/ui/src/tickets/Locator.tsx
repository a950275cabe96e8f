// The letters by which people call a booking: large, in groups, and read out one by one.

import { useState } from 'react'

import { useText } from '../i18n'
import { Button } from '../parts/Button'
import { Icon } from '../parts/Icon'
import { grouped, spelt } from './letters'
import styles from './tickets.module.css'

export function Locator({ letters }: { letters: string }) {
  const t = useText()
  const [isCopied, setCopied] = useState(false)
  // a browser lends it to pages of https: only
  const clipboard = (navigator as Partial<Navigator>).clipboard
  const copy = () => void clipboard?.writeText(letters).then(() => setCopied(true))
  return (
    <div className={styles.locator}>
      <p>
        <span className="quiet-text">{t.locator.title}</span> <Letters letters={letters} />
      </p>
      {clipboard && (
        <Button onPress={copy} aria-label={t.locator.copyIt}>
          <Icon name={isCopied ? 'check' : 'copy'} />
          {isCopied ? t.locator.copied : t.locator.copy}
        </Button>
      )}
      <span role="status" className="visually-hidden">
        {isCopied && t.locator.copied}
      </span>
    </div>
  )
}

/** On one line with other things. */
export function Letters({ letters }: { letters: string }) {
  return (
    <>
      <b className={styles.letters} aria-hidden="true">
        {grouped(letters)}
      </b>
      <span className="visually-hidden">{spelt(letters)}</span>
    </>
  )
}
