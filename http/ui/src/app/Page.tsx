// One page: its title in the tab, its heading, and the focus there when the visitor came from another one.

import { useEffect, useRef, type ReactNode } from 'react'

import { useText } from '../i18n'
import styles from './shell.module.css'

interface Props {
  title: string
  /** What stands beside the heading. */
  aside?: ReactNode
  lead?: ReactNode
  /** The heading is there for those who do not see: what follows says enough. */
  isQuiet?: boolean
  children: ReactNode
}

/** Who just opened the site is not moved. */
let opened = false

export function Page({ title, aside, lead, isQuiet = false, children }: Props) {
  const t = useText()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · ${t.app.name}`
  }, [title, t])
  useEffect(() => {
    if (opened) {
      heading.current?.focus({ preventScroll: true })
      scrollTo(0, 0)
    }
    opened = true
  }, [])
  return (
    <div className={styles.page}>
      <div className={isQuiet ? 'visually-hidden' : styles.pageHead}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {aside}
      </div>
      {lead && <p className="lead">{lead}</p>}
      {children}
    </div>
  )
}
