import { shallowRef } from 'vue'
import { type Rest, rest, type Schema, told } from './rest'
import { Refused } from './refused'
import { stored } from './stored'
import { uuid } from './uuid'

type Account = Schema<'AccountKind'>
export type Kept = Schema<'Tokens'> & Pick<Schema<'LoggedIn'>, 'user'>

/** Milliseconds before its end that an access token is exchanged. */
const EARLY = 120_000

/** A device's log-in of one account: its tokens are kept by the browser, and always fresh. The pages of one browser share it,
 * so they take turns: a refresh token that is used twice counts as stolen. */
export class Session {
  private readonly kept = shallowRef<Kept>()
  private readonly key: string
  /** For strangers: logging in, exchanging tokens. */
  protected readonly door: Rest
  readonly rest: Rest

  constructor(
    readonly account: Account,
    private readonly shelf: Storage = localStorage,
    origin = location.origin,
  ) {
    this.key = `souk.session.${account}`
    this.door = rest(async () => undefined, origin)
    this.rest = rest(() => this.token(), origin)
    this.kept.value = this.read()
  }

  /** Who is logged in. */
  get user() {
    return this.kept.value?.user
  }

  /** Asks for a code that goes to the phone; gives its request id. */
  async askCode(phone: string, purpose: 'log_in' | 'register'): Promise<string> {
    const body = { account: this.account, phone, purpose }
    return (await told(this.door.POST('/api/v1/codes', { body }))).request_id
  }

  async logIn(phone: string, proof: Schema<'Proof'>, password?: string): Promise<void> {
    const body = { account: this.account, phone, proof, password, device_id: this.device(), device_kind: 'web' as const }
    this.keep(await told(this.door.POST('/api/v1/sessions', { body })))
  }

  /** Opens a customer's account. */
  async register(phone: string, proof: Schema<'Proof'>, name: string): Promise<void> {
    const body = { phone, proof, name, device_id: this.device(), device_kind: 'web' as const }
    const params = { header: { 'Idempotency-Key': proof.request_id } }
    this.keep(await told(this.door.POST('/api/v1/registrations/customer', { params, body })))
  }

  /** A ticket for one socket. */
  async ticket(): Promise<string> {
    return (await told(this.rest.POST('/api/v1/tickets'))).ticket
  }

  async logOut(): Promise<void> {
    await this.rest.DELETE('/api/v1/sessions/current').catch(() => undefined)
    this.forget()
  }

  /** The session is over, or not wanted any more: nothing of it stays here. */
  forget() {
    this.shelf.removeItem(this.key)
    this.kept.value = undefined
  }

  /** An access token that is still good. */
  async token(): Promise<string | undefined> {
    const kept = this.read()
    if (!kept || kept.access_expires_at - Date.now() > EARLY) return kept?.access_token
    return this.inTurn(() => this.refresh())
  }

  private async refresh(): Promise<string | undefined> {
    // Another page may have been first.
    const kept = this.read()
    if (!kept || kept.access_expires_at - Date.now() > EARLY) return kept?.access_token
    try {
      const tokens = await told(this.door.POST('/api/v1/sessions/refresh', { body: { refresh_token: kept.refresh_token } }))
      this.keep({ ...kept, ...tokens })
      return tokens.access_token
    } catch (error) {
      if (error instanceof Refused && !error.passes) this.forget()
      throw error
    }
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    // Browsers lock only where the line is safe; elsewhere is development.
    const locks = globalThis.navigator?.locks as LockManager | undefined
    return locks ? await locks.request(this.key, work) : await work()
  }

  protected keep(session: Kept) {
    this.shelf.setItem(this.key, JSON.stringify(session))
    this.kept.value = session
  }

  private read(): Kept | undefined {
    return stored(this.key, this.shelf)
  }

  /** This browser's own name for itself. */
  protected device(): string {
    const known = this.shelf.getItem('souk.device') ?? uuid()
    this.shelf.setItem('souk.device', known)
    return known
  }
}
