// The description of the client port, readable: /openapi.json by groups, with a filter. It needs nothing but this node.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Button, Disclosure, DisclosurePanel, Heading } from 'react-aria-components'

import { answer, client } from '../api/client'
import { Page } from '../app/Page'
import { useText } from '../i18n'
import { Blank } from '../parts/Blank'
import { classes } from '../parts/classes'
import { Failure } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Skeletons } from '../parts/Skeleton'
import { TextInput } from '../parts/TextInput'
import { EndpointDetails, SchemaTable } from './Details'
import { endpointsOf, type Description, type Endpoint } from './openapi'
import styles from './docs.module.css'

export default function DocsPage() {
  const t = useText()
  const { data, error, refetch } = useQuery({
    queryKey: ['description'],
    queryFn: async ({ signal }) => (await answer(client.GET('/openapi.json', { signal }))) as unknown as Description,
    staleTime: Infinity,
  })
  return (
    <Page
      title={t.docs.title}
      aside={
        <a href="/openapi.json" download>
          {t.docs.download}
        </a>
      }
    >
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeletons count={5} className={styles.skeletonEntry} />}
      {data && <Viewer description={data} />}
    </Page>
  )
}

function Viewer({ description }: { description: Description }) {
  const t = useText()
  const [filter, setFilter] = useState('')
  const words = filter.toLowerCase().split(/\s+/)
  const shown = endpointsOf(description).filter((endpoint) => words.every((word) => textOf(endpoint).includes(word)))
  const types = Object.entries(description.components.schemas).filter(([name]) =>
    words.every((word) => name.toLowerCase().includes(word)),
  )
  return (
    <div className={classes('stack', styles.docs)} lang="en">
      <p className="lead">{description.info.description}</p>
      <TextInput label={t.docs.filter} type="search" value={filter} onChange={setFilter} />
      {shown.length + types.length === 0 && <Blank hint={t.docs.none} />}
      {description.tags.map((tag) => (
        <Group
          key={tag.name}
          title={tag.name}
          hint={tag.description}
          endpoints={shown.filter(({ operation }) => operation.tags.includes(tag.name))}
          description={description}
        />
      ))}
      {types.length > 0 && (
        <section className="stack tight">
          <h2>{t.docs.schemas}</h2>
          {types.map(([name, schema]) => (
            <Entry key={name} head={<code>{name}</code>}>
              <SchemaTable schema={schema} />
            </Entry>
          ))}
        </section>
      )}
    </div>
  )
}

function textOf({ method, path, operation }: Endpoint): string {
  return `${method} ${path} ${operation.summary} ${operation.description ?? ''}`.toLowerCase()
}

interface GroupProps {
  title: string
  hint: string
  endpoints: Endpoint[]
  description: Description
}

function Group({ title, hint, endpoints, description }: GroupProps) {
  const t = useText()
  if (endpoints.length === 0) return null
  return (
    <section className="stack tight">
      <h2>{title}</h2>
      <p className="hint">{hint}</p>
      {endpoints.map((endpoint) => (
        <Entry
          key={`${endpoint.method} ${endpoint.path}`}
          head={
            <>
              <b className={styles.method} data-method={endpoint.method}>
                {endpoint.method}
              </b>
              <code>{endpoint.path}</code>
              <span className={styles.entrySummary}>{endpoint.operation.summary}</span>
              <small className="quiet-text">{endpoint.operation.security ? t.docs.open : t.docs.token}</small>
            </>
          }
        >
          <EndpointDetails endpoint={endpoint} components={description.components} />
        </Entry>
      ))}
    </section>
  )
}

function Entry({ head, children }: { head: React.ReactNode; children: React.ReactNode }) {
  return (
    <Disclosure className={classes('card', styles.entry)}>
      <Heading level={3}>
        <Button slot="trigger" className={classes(styles.entryHead)}>
          {head}
          <Icon name="down" />
        </Button>
      </Heading>
      <DisclosurePanel>{children}</DisclosurePanel>
    </Disclosure>
  )
}
