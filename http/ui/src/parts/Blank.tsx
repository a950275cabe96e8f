// Nothing to show, why, and what to do about it.

import type { ReactNode } from 'react'
import styles from './parts.module.css'

interface Props {
  title?: string
  hint?: string
  children?: ReactNode
}

export function Blank({ title, hint, children }: Props) {
  return (
    <div className={styles.blank}>
      {title && <h2>{title}</h2>}
      {hint && <p>{hint}</p>}
      {children && <div className="row">{children}</div>}
    </div>
  )
}
