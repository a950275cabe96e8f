// A sentence that must be seen, and heard by those who do not see it.

import type { ReactNode } from 'react'

import { Icon, type IconName } from './Icon'
import styles from './parts.module.css'

export type Tone = 'info' | 'good' | 'warning' | 'bad'

const ICONS: Record<Tone, IconName> = { info: 'info', good: 'check', warning: 'warning', bad: 'warning' }

interface Props {
  tone?: Tone
  children: ReactNode
  /** What can be done about it. */
  action?: ReactNode
}

export function Notice({ tone = 'info', children, action }: Props) {
  return (
    <div className={styles.notice} data-tone={tone} role={tone === 'bad' || tone === 'warning' ? 'alert' : 'status'}>
      <Icon name={ICONS[tone]} />
      <div className={styles.noticeText}>{children}</div>
      {action && <div className="row">{action}</div>}
    </div>
  )
}
