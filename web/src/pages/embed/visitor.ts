import { shallowRef } from 'vue'
import { Refused } from '../../refused'
import { told } from '../../rest'
import { type Kept, Session } from '../../session'

const MARK = 'souk.visitor'

/** Whom a word of the shop names, without believing it: that is for the server. */
function named(token: string): { shop: string; mark: string } | undefined {
  try {
    const part = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/')
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0))
    const { iss, sub, name = '' } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, string>
    return { shop: iss ?? '', mark: JSON.stringify([sub, name]) }
  } catch {
    return undefined
  }
}

/** The session of a frame: by the shop's word for its user, or by phone and code. One by the shop's word counts only while the site
 * goes on saying so: whoever has logged out there leaves nothing open here. */
export class Visitor extends Session {
  private readonly vouched = shallowRef(false)

  constructor(private readonly shop: string) {
    super('customer')
  }

  override get user() {
    return this.vouched.value || !localStorage.getItem(MARK) ? super.user : undefined
  }

  /** By phone, and so not the site's to end. */
  get isOwn(): boolean {
    return !!this.user && !localStorage.getItem(MARK)
  }

  /** Nobody is here any more, and nothing of them. */
  async leave(): Promise<void> {
    await this.logOut()
    localStorage.clear()
  }

  /** Takes the shop's word; nobody else may come or go meanwhile. Throws `Refused`. */
  async identify(token: string): Promise<void> {
    const who = named(token)
    if (who?.shop !== this.shop) throw new Refused('embed_token_invalid', 'The shop’s signed token is not valid.')
    if (super.user && localStorage.getItem(MARK) === who.mark) {
      this.vouched.value = true
      return
    }
    if (super.user) await this.logOut()
    const body = { token, device_id: this.device(), device_kind: 'web' as const }
    const found = await told(this.door.POST('/api/v1/embed/sessions', { body }))
    this.vouched.value = true
    this.keep(found)
    localStorage.setItem(MARK, who.mark)
  }

  protected override keep(session: Kept) {
    // By phone from now on, unless the shop has vouched.
    if (!this.vouched.value) localStorage.removeItem(MARK)
    super.keep(session)
  }

  override forget() {
    super.forget()
    this.vouched.value = false
    localStorage.removeItem(MARK)
  }
}
