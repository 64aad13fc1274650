import type { Client } from 'openapi-fetch'
import type { components, paths } from './contract/rest'
import { Refused } from './refused'
import { uuid } from './uuid'

/** What the REST contract calls a thing of this name. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]

/** REST: everything that is not a live event. Refusals are thrown. */
export type Rest = Pick<Client<paths>, 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'>

/** What comes with a request, as the types of `Rest` let it through. */
interface Asked {
  params?: { path?: Record<string, string>; query?: Record<string, unknown>; header?: Record<string, string> }
  body?: unknown
  /** The body as it is sent, if not as JSON. */
  bodySerializer?: (body: unknown) => BodyInit
  parseAs?: 'json' | 'blob'
}

/** The types are openapi-fetch's, which knows every path of the contract; the sending is these few lines, for a phone loads them.
 *
 * @param token The session's, kept fresh; nothing for strangers. */
export function rest(token: () => Promise<string | undefined>, origin = location.origin): Rest {
  const send = (method: string) => async (path: string, asked: Asked = {}) => {
    const headers = new Headers(asked.params?.header)
    const held = await token()
    if (held) headers.set('authorization', `Bearer ${held}`)
    if (asked.body && !asked.bodySerializer) headers.set('content-type', 'application/json')
    const body = asked.bodySerializer ? asked.bodySerializer(asked.body) : asked.body && JSON.stringify(asked.body)
    const response = await fetch(origin + address(path, asked), { method, headers, body: (body as BodyInit) ?? null })
    if (!response.ok) throw await refused(response)
    return { data: await read(response, asked), response }
  }
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => [method, send(method)])
  return Object.fromEntries(methods) as Rest
}

function read(response: Response, { parseAs }: Asked): Promise<unknown> | undefined {
  if (response.status === 204) return undefined
  return parseAs === 'blob' ? response.blob() : response.json()
}

function address(path: string, { params }: Asked): string {
  const places = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params?.path?.[name] ?? ''))
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params?.query ?? {})) if (value !== undefined) query.set(name, String(value))
  return query.size > 0 ? `${places}?${query}` : places
}

/** What the server says of why not (RFC 9457). */
async function refused(response: Response): Promise<Refused> {
  const problem = (await response.json().catch(() => ({}))) as Partial<Schema<'ProblemBody'>>
  return new Refused(problem.code ?? 'unavailable', problem.detail ?? response.statusText, problem.retry_after_ms, problem.field)
}

/** The body of an answer that was not refused. */
export async function told<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T
}

/** A POST that creates something is executed once by its key, however often it is sent. */
export function once() {
  return { 'Idempotency-Key': uuid() }
}
