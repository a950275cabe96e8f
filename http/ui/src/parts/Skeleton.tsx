// What stands where something is still loading: the same size, so that nothing jumps.

import { useText } from '../i18n'
import { classes } from './classes'
import styles from './parts.module.css'

interface Props {
  count: number
  className?: string | undefined
}

export function Skeletons({ count, className = styles.skeletonCard }: Props) {
  const t = useText()
  return (
    <div className="stack" role="status">
      <span className="visually-hidden">{t.app.loading}</span>
      {Array.from({ length: count }, (_, i) => (
        <div key={i} className={classes(styles.skeleton, className)} />
      ))}
    </div>
  )
}
