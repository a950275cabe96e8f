// Says that nobody answers, while that is so.

import { answer, client } from '../api/client'
import { useProbe, useReach } from '../api/reach'
import { useText } from '../i18n'
import { Notice } from '../parts/Notice'
import styles from './shell.module.css'

const ask = () => answer(client.GET('/companhias'))

export function ReachNotice() {
  const t = useText()
  const reach = useReach()
  useProbe(reach, ask)
  if (reach === 'there') return null
  return (
    <div className={styles.strip}>
      <Notice tone="warning">{reach === 'offline' ? t.app.offline : t.app.noServer}</Notice>
    </div>
  )
}
