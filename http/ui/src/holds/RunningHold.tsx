// A hold that is running, on every page that is not its own: how long it lasts, and the way back to it.

import { useQuery } from '@tanstack/react-query'

import { holds as holdsQuery } from '../api/queries'
import type { Hold } from '../api/schema'
import { useText } from '../i18n'
import { Icon } from '../parts/Icon'
import { clockOf, useSecondsLeft } from './countdown'
import { tripName } from './legs'
import styles from './running.module.css'

/** While one is running it may be extended, confirmed or released elsewhere. */
const ASK_AGAIN_MS = 20_000

export default function RunningHold({ page }: { page: string[] }) {
  const { data, dataUpdatedAt } = useQuery({
    ...holdsQuery,
    refetchInterval: ({ state }) => (state.data?.retencoes.length ? ASK_AGAIN_MS : false),
  })
  const [name, uuid] = page
  const open = data?.retencoes ?? []
  // the list of tickets begins with them
  if (name === 'retencao' || (name === 'passagens' && uuid === undefined)) return null
  const [soonest] = [...open].sort((one, other) => Date.parse(one.expira_em) - Date.parse(other.expira_em))
  return soonest && <Strip hold={soonest} count={open.length} answeredAt={dataUpdatedAt} />
}

function Strip({ hold, count, answeredAt }: { hold: Hold; count: number; answeredAt: number }) {
  const t = useText()
  const left = useSecondsLeft(hold, answeredAt)
  if (left === 0) return null
  return (
    <aside className={styles.running} aria-label={t.hold.step} data-short={left <= 120 || undefined}>
      <Icon name="clock" />
      <span className={styles.trip}>
        {count > 1 ? t.hold.runningMany(count) : t.hold.running(tripName(t, hold.trechos))}
      </span>
      <b className={styles.left}>
        <span className="visually-hidden">{t.hold.timeLeft} </span>
        {clockOf(left)}
      </b>
      <a href={count > 1 ? '#/passagens' : `#/retencao/${hold.uuid}`}>{t.hold.backToIt}</a>
    </aside>
  )
}
