// What stands in one endpoint or type of the description.

import type { ReactNode } from 'react'

import { useText } from '../i18n'
import { classes } from '../parts/classes'
import { Prose } from './Prose'
import { resolved, typeOf, type Components, type Endpoint, type Parameter, type Response, type Schema } from './openapi'
import styles from './docs.module.css'

export function EndpointDetails({ endpoint, components }: { endpoint: Endpoint; components: Components }) {
  const t = useText()
  const { description, parameters = [], requestBody, responses } = endpoint.operation
  const body = requestBody?.content['application/json']?.schema
  return (
    <div className={classes('stack tight', styles.details)}>
      {description && (
        <p>
          <Prose text={description} />
        </p>
      )}
      {parameters.length > 0 && (
        <Table title={t.docs.parameters}>
          {parameters.flatMap((entry) => {
            const parameter = resolved<Parameter>(entry, components.parameters)
            return parameter ? [<ParameterRow key={`${parameter.in} ${parameter.name}`} parameter={parameter} />] : []
          })}
        </Table>
      )}
      {body && (
        <p>
          <b>{t.docs.body}</b> <code>{typeOf(body)}</code>
        </p>
      )}
      <Table title={t.docs.responses}>
        {Object.entries(responses).flatMap(([status, entry]) => {
          const response = resolved<Response>(entry, components.responses)
          return response ? [<ResponseRow key={status} status={status} response={response} />] : []
        })}
      </Table>
    </div>
  )
}

function Table({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={styles.tableBox}>
      <table>
        <caption>{title}</caption>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

function ParameterRow({ parameter }: { parameter: Parameter }) {
  const t = useText()
  return (
    <tr>
      <th scope="row">
        <code>{parameter.name}</code>
        <small className="quiet-text">
          {parameter.in}
          {parameter.required && `, ${t.docs.required}`}
        </small>
      </th>
      <td>
        <code>{typeOf(parameter.schema)}</code>
      </td>
      <td>
        <Prose text={parameter.description} />
      </td>
    </tr>
  )
}

function ResponseRow({ status, response }: { status: string; response: Response }) {
  const t = useText()
  const [kind, content] = Object.entries(response.content ?? {})[0] ?? []
  const events = content?.['x-events']
  return (
    <tr>
      <th scope="row">{status}</th>
      <td>
        {content?.schema?.$ref || content?.schema?.items ? (
          <code>{typeOf(content.schema)}</code>
        ) : (
          kind && <code>{kind}</code>
        )}
      </td>
      <td>
        <Prose text={response.description} />
        {events && (
          <p>
            {t.docs.events}:{' '}
            {Object.entries(events).map(([name, schema]) => (
              <code key={name} className={styles.event}>
                {name}: {typeOf(schema)}
              </code>
            ))}
          </p>
        )}
      </td>
    </tr>
  )
}

export function SchemaTable({ schema }: { schema: Schema }) {
  const t = useText()
  if (!schema.properties) return <code>{typeOf(schema)}</code>
  return (
    <div className={classes('stack tight', styles.details)}>
      {schema.description && (
        <p>
          <Prose text={schema.description} />
        </p>
      )}
      <div className={styles.tableBox}>
        <table>
          <tbody>
            {Object.entries(schema.properties).map(([name, property]) => (
              <tr key={name}>
                <th scope="row">
                  <code>{name}</code>
                  {schema.required?.includes(name) && <small className="quiet-text">{t.docs.required}</small>}
                </th>
                <td>
                  <code>{typeOf(property)}</code>
                </td>
                <td>
                  <Prose text={property.description} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}
