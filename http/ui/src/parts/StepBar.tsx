// The bar at the foot of every step of a booking: what it costs, how long that holds, and what comes next.

import type { ReactNode } from 'react'

import type { Money } from '../api/schema'
import { useFormats, useText } from '../i18n'
import styles from './parts.module.css'

interface Props {
  /** What all costs; null where currencies differ, undefined before anything is chosen. */
  total: Money | 'free' | null | undefined
  /** What it is of, or what is still missing. */
  note?: ReactNode
  /** What must be seen before the next step is taken. */
  notice?: ReactNode
  /** How long it holds. */
  time?: ReactNode
  /** The next step. */
  children?: ReactNode
}

export function StepBar({ total, note, notice, time, children }: Props) {
  const t = useText()
  const formats = useFormats()
  return (
    <section className={styles.stepBar} aria-label={t.app.step}>
      {notice && <div className={styles.stepNotice}>{notice}</div>}
      <div className={styles.stepSum}>
        {total !== undefined && (
          <p>
            <span className="hint">{t.seats.total}</span>{' '}
            <b>{total === 'free' ? t.exchange.free : total ? formats.money(total) : t.search.mixedCurrencies}</b>
          </p>
        )}
        {note && (
          <p className="hint" role="status">
            {note}
          </p>
        )}
      </div>
      {time}
      {children && <div className={styles.stepNext}>{children}</div>}
    </section>
  )
}
