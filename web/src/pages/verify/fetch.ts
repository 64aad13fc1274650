import type { Receipt } from '../../draw/receipt'
import { told } from '../../rest'
import { Session } from '../../session'

/** A draw as the server tells of it: the file as it is, and what does not stand in it. */
export interface FetchedDraw {
  file: Uint8Array<ArrayBuffer>
  receipt?: Receipt
  /** By the number of the ticket. */
  names: Record<number, string>
  /** Whose receipt it is. */
  user: string
}

/** Whoever is logged in on this device: a customer, or somebody of the shop. */
export function loggedIn(): Session {
  const customer = new Session('customer')
  return customer.user ? customer : new Session('merchant')
}

/** For whoever is logged in. Refused when nobody is. */
export async function fetchDraw(draw_id: string): Promise<FetchedDraw> {
  const session = loggedIn()
  const params = { path: { draw_id } }
  const file = session.rest.GET('/api/v1/draws/{draw_id}/file', { params, parseAs: 'blob' }) as Promise<{ data?: unknown }>
  const [bytes, shown] = await Promise.all([told(file) as Promise<Blob>, told(session.rest.GET('/api/v1/draws/{draw_id}', { params }))])
  const names = Object.fromEntries(shown.places.map(({ ticket, name }) => [ticket, name]))
  const receipt = shown.receipt?.tickets?.length ? (shown.receipt as Receipt) : undefined
  return { file: new Uint8Array(await bytes.arrayBuffer()), receipt, names, user: session.user?.id ?? '' }
}
