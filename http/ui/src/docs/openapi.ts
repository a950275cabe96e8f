// As much of OpenAPI 3.1 as the viewer reads.

export interface Description {
  info: { title: string; description: string }
  tags: Array<{ name: string; description: string }>
  paths: Record<string, Record<string, Operation>>
  components: Components
}

export interface Components {
  schemas: Record<string, Schema>
  parameters: Record<string, Parameter>
  responses: Record<string, Response>
}

interface Ref {
  $ref: string
}

export interface Operation {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  /** An empty list: no token. */
  security?: unknown[]
  parameters?: Array<Parameter | Ref>
  requestBody?: { content: Content }
  responses: Record<string, Response | Ref>
}

export interface Parameter {
  name: string
  in: string
  description: string
  required?: boolean
  schema: Schema
}

export interface Response {
  description: string
  content?: Content
}

type Content = Record<string, { schema?: Schema; 'x-events'?: Record<string, Schema> }>

export interface Schema {
  $ref?: string
  type?: string
  format?: string
  description?: string
  enum?: unknown[]
  const?: unknown
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  oneOf?: Schema[]
}

export interface Endpoint {
  method: string
  path: string
  operation: Operation
}

export function endpointsOf({ paths }: Description): Endpoint[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
}

/** What a reference stands for, or the thing itself. */
export function resolved<T extends object>(entry: T | Ref, all: Record<string, T>): T | undefined {
  return '$ref' in entry ? all[entry.$ref.split('/').pop() ?? ''] : entry
}

/** A type in one line: `array of Leg`, `"livre" | "retido"`, `integer`. */
export function typeOf(schema: Schema): string {
  if (schema.$ref) return schema.$ref.split('/').pop() ?? ''
  if (schema.oneOf) return schema.oneOf.map(typeOf).join(' | ')
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.items) return `${typeOf(schema.items)}[]`
  return [schema.type ?? 'any', schema.format].filter(Boolean).join(' ')
}
