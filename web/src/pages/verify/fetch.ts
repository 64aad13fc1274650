import { readShare } from '../../draw/packet'
import type { Receipt } from '../../draw/receipt'
import { told } from '../../rest'
import { Session } from '../../session'
import type { Own } from './check'

/** A file as the server gives it, and what does not stand in it. */
export interface Fetched {
  file: Uint8Array<ArrayBuffer>
  own?: Own
  /** Of the winners of a draw, by the number of the ticket. */
  names: Record<number, string>
  /** Whose `own` is. */
  user: string
}

/** Whoever is logged in on this device: a customer, or somebody of the shop. */
export function loggedIn(): Session {
  const customer = new Session('customer')
  return customer.user ? customer : new Session('merchant')
}

/** For whoever is logged in. Refused when nobody is. */
export async function fetchDraw(draw_id: string): Promise<Fetched> {
  const session = loggedIn()
  const params = { path: { draw_id } }
  const file = session.rest.GET('/api/v1/draws/{draw_id}/file', { params, parseAs: 'blob' })
  const [bytes, shown] = await Promise.all([bytesOf(file), told(session.rest.GET('/api/v1/draws/{draw_id}', { params }))])
  const names = Object.fromEntries(shown.places.map(({ ticket, name }) => [ticket, name]))
  const own = shown.receipt?.tickets?.length ? (shown.receipt as Receipt) : undefined
  return { file: bytes, own, names, user: session.user?.id ?? '' }
}

/** The same of a red packet. */
export async function fetchPacket(red_packet_id: string): Promise<Fetched> {
  const session = loggedIn()
  const params = { path: { red_packet_id } }
  const file = session.rest.GET('/api/v1/red-packets/{red_packet_id}/file', { params, parseAs: 'blob' })
  const [bytes, shown] = await Promise.all([bytesOf(file), told(session.rest.GET('/api/v1/red-packets/{red_packet_id}', { params }))])
  const own = shown.share ? readShare(JSON.stringify(shown.share)) : undefined
  return { file: bytes, own, names: {}, user: session.user?.id ?? '' }
}

async function bytesOf(file: Promise<{ data?: unknown }>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await ((await told(file)) as Blob).arrayBuffer())
}
