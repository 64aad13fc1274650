import { WebSocket as NodeSocket } from 'ws'
import { once, told } from '../../src/rest'
import { Session } from '../../src/session'
import { Chats } from '../../src/store/chats'
import type { TestServer } from './server'

/** What a browser keeps, without a browser. */
export class Shelf implements Storage {
  [name: string]: unknown
  private readonly kept = new Map<string, string>()

  get length() {
    return this.kept.size
  }
  key(at: number) {
    return [...this.kept.keys()][at] ?? null
  }
  getItem(key: string) {
    return this.kept.get(key) ?? null
  }
  setItem(key: string, value: string) {
    this.kept.set(key, value)
  }
  removeItem(key: string) {
    this.kept.delete(key)
  }
  clear() {
    this.kept.clear()
  }
}

/** A browser with its own storage, and whoever is logged in there. */
export class Person {
  readonly shelf = new Shelf()
  readonly session: Session

  constructor(
    private readonly server: TestServer,
    account: 'customer' | 'merchant',
  ) {
    this.session = new Session(account, this.shelf, server.url)
  }

  get id(): string {
    return this.session.user?.id ?? ''
  }

  /** What their browser keeps, to put it into another one. */
  kept(): { name: string; value: string }[] {
    const names = Array.from({ length: this.shelf.length }, (_, at) => this.shelf.key(at) ?? '')
    return names.map((name) => ({ name, value: this.shelf.getItem(name) ?? '' }))
  }

  /** Opens the page: from here on everything said arrives, by this line. */
  page(socket = this.server.socket, connect = nodeSocket): Chats {
    const way = { url: socket, ticket: () => this.session.ticket(), connect, shelf: this.shelf, me: this.id }
    const chats = new Chats(way)
    void chats.socket.run()
    return chats
  }

  async proof(phone: string, purpose: 'log_in' | 'register') {
    const request_id = await this.session.askCode(phone, purpose)
    return { request_id, code: await codeFor(this.server, phone) }
  }
}

export function nodeSocket(url: string, protocol: string): WebSocket {
  const line = new NodeSocket(url, protocol)
  // Its end is told by `close`.
  line.on('error', () => undefined)
  return line as unknown as WebSocket
}

/** A customer with a new account, on a device of their own or on somebody's. */
export async function customer(server: TestServer, name: string, device?: Person): Promise<Person> {
  const person = new Person(server, 'customer')
  if (device) person.shelf.setItem('souk.device', device.shelf.getItem('souk.device') ?? '')
  const phone = newPhone()
  await person.session.register(phone, await person.proof(phone, 'register'), name)
  return person
}

/** A merchant with a new account and a shop. */
export async function merchant(server: TestServer, name: string): Promise<{ person: Person; shop: string; phone: string }> {
  const person = new Person(server, 'merchant')
  const phone = newPhone()
  const proof = await person.proof(phone, 'register')
  const body = { phone, proof, name, shop_name: `${name}’s shop`, password, device_id: 'test' }
  const registered = await fetch(`${server.url}/api/v1/registrations/merchant`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...once() },
    body: JSON.stringify(body),
  })
  if (!registered.ok) throw new Error(await registered.text())
  await person.session.logIn(phone, await person.proof(phone, 'log_in'), password)
  const me = await told(person.session.rest.GET('/api/v1/me'))
  return { person, shop: me.posts[0]?.shop_id ?? '', phone }
}

export const password = 'Souk-demo-1'

/** The code that would have gone to the phone. */
export async function codeFor(server: Pick<TestServer, 'url'>, phone: string): Promise<string> {
  const outbox = await fetch(`${server.url}/api/v1/dev/outbox?phone=${encodeURIComponent(phone)}`)
  const { messages } = (await outbox.json()) as { messages: { text: string }[] }
  return messages[0]?.text.match(/\d{6}/)?.[0] ?? ''
}

let phones = 0
export function newPhone(): string {
  phones += 1
  return `+86139${String(process.pid % 10_000).padStart(4, '0')}${String(phones).padStart(4, '0')}`
}

/** Somebody who works for a shop, in the role of this name. */
export async function colleague(server: TestServer, shop: { person: Person; shop: string }, name: string, role: string): Promise<Person> {
  const { rest } = shop.person.session
  const path = { shop_id: shop.shop }
  const { roles } = await told(rest.GET('/api/v1/shops/{shop_id}/roles', { params: { path } }))
  const phone = newPhone()
  const body = { phone, name, role_id: roles.find((one) => one.name === role)?.id ?? '' }
  const { id } = await told(rest.POST('/api/v1/shops/{shop_id}/staff-invites', { params: { path, header: once() }, body }))
  const person = new Person(server, 'merchant')
  await person.session.logIn(phone, await person.proof(phone, 'log_in'))
  await person.session.rest.POST('/api/v1/staff-invites/{invite_id}/accept', { params: { path: { invite_id: id }, header: once() } } as never)
  return person
}
