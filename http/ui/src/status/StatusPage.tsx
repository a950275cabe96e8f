// The companies, up or down as this node sees them.

import { useQuery } from '@tanstack/react-query'

import { companies } from '../api/queries'
import { useReach } from '../api/reach'
import { Page } from '../app/Page'
import { useFormats, useText } from '../i18n'
import { classes } from '../parts/classes'
import { Company } from '../parts/Company'
import { Failure } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Skeletons } from '../parts/Skeleton'
import styles from './status.module.css'

export default function StatusPage() {
  const t = useText()
  const formats = useFormats()
  const { data: known, error, dataUpdatedAt, refetch } = useQuery(companies)
  // what was so once is no news of who is up
  const data = useReach() === 'there' ? known : undefined
  return (
    <Page title={t.status.title} lead={t.status.hint}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeletons count={3} className={styles.skeletonCompany} />}
      {data && (
        <>
          <ul className={styles.companies} aria-live="polite">
            {data.map(({ company, nome, no_ar }) => (
              <li key={company} className={classes('card', styles.companyState)} data-down={!no_ar || undefined}>
                <Company code={company} />
                <b>{nome}</b>
                <span className={styles.companyWord}>
                  <Icon name={no_ar ? 'check' : 'warning'} />
                  {no_ar ? t.status.up : t.status.down}
                </span>
              </li>
            ))}
          </ul>
          <p className="hint">{t.status.checked(formats.clock(dataUpdatedAt))}</p>
        </>
      )}
    </Page>
  )
}
