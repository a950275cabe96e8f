// What stands where something is still loading: the same size, so that nothing jumps.

import { useText } from '../i18n'

export function Skeletons({ count, className = 'skeleton-card' }: { count: number; className?: string }) {
  const t = useText()
  return (
    <div className="stack" role="status">
      <span className="visually-hidden">{t.app.loading}</span>
      {Array.from({ length: count }, (_, i) => (
        <div key={i} className={`skeleton ${className}`} />
      ))}
    </div>
  )
}
