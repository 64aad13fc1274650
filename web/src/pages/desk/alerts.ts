import { computed, shallowReactive, shallowRef } from 'vue'
import { type Alert as Pushed, AlertKind } from '../../contract/alert'
import type { Authenticated } from '../../contract/account'
import { type Schema, told } from '../../rest'
import type { Session } from '../../session'
import type { PushEvent } from '../../socket'

/** Something that asks for somebody who works here. */
export interface Alert {
  /** Ids rise with time. */
  id: string
  kind: Schema<'AlertKind'>
  shop_id: string
  conversation_id: string
  order_id: string
  case_id: string
  customer_id: string
  text: string
  at: number
  /** It may be heard. */
  sound: boolean
}

/** So many are listed, of all shops together. */
const LISTED = 60
/** So long a new one stands before somebody's eyes, in milliseconds. */
const FRESH = 9_000

const words = new Map(Object.entries(AlertKind).map(([name, kind]) => [kind, name.slice('ALERT_KIND_'.length).toLowerCase()]))

/** What asks for staff: listed as the server has it, and as it comes. What is read is read on all devices. */
export class Alerts {
  /** The newest first. */
  readonly list = shallowRef<Alert[]>([])
  /** By shop; this one and all before it are read. */
  private readonly readUpTo = shallowReactive(new Map<string, string>())
  private readonly unreadIn = shallowReactive(new Map<string, number>())
  /** What came a moment ago. */
  readonly fresh = shallowRef<Alert[]>([])
  readonly unread = computed(() => [...this.unreadIn.values()].reduce((sum, one) => sum + one, 0))
  readonly trouble = shallowRef<unknown>()

  constructor(
    private readonly session: Session,
    private readonly came: (alert: Alert) => void,
  ) {}

  /** On each new line: what came while there was none. */
  async load(posts: Authenticated['posts']): Promise<void> {
    try {
      await Promise.all(posts.map(({ shop_id }) => this.loadOf(shop_id)))
      this.trouble.value = undefined
    } catch (error) {
      this.trouble.value = error
    }
  }

  private async loadOf(shop_id: string): Promise<void> {
    const params = { path: { shop_id }, query: { limit: 30 } }
    const page = await told(this.session.rest.GET('/api/v1/shops/{shop_id}/alerts', { params }))
    this.unreadIn.set(shop_id, page.unread)
    this.readUpTo.set(shop_id, page.read_up_to ?? '')
    this.keep(page.alerts as Alert[])
  }

  isUnread({ id, shop_id }: Alert): boolean {
    return id > (this.readUpTo.get(shop_id) ?? '')
  }

  hear(event: PushEvent) {
    if (event.$case === 'alert') this.hearOne(fromPush(event.value))
    if (event.$case !== 'alerts_read') return
    this.unreadIn.set(event.value.shop_id, event.value.unread)
    this.readUpTo.set(event.value.shop_id, event.value.read_up_to)
    this.fresh.value = this.fresh.value.filter((one) => this.isUnread(one))
  }

  private hearOne(alert: Alert) {
    if (this.list.value.some((one) => one.id === alert.id)) return
    this.keep([alert])
    this.unreadIn.set(alert.shop_id, (this.unreadIn.get(alert.shop_id) ?? 0) + 1)
    this.fresh.value = [alert, ...this.fresh.value].slice(0, 3)
    setTimeout(() => this.lookedAt(alert), FRESH)
    this.came(alert)
  }

  /** It need not stand there any longer; that does not make it read. */
  lookedAt(alert: Alert) {
    this.fresh.value = this.fresh.value.filter((one) => one.id !== alert.id)
  }

  /** All that is listed, in every shop. The server tells it to all devices, this one among them. */
  async markRead(): Promise<void> {
    const newest = new Map([...this.list.value].reverse().map((one) => [one.shop_id, one.id]))
    try {
      for (const [shop_id, up_to] of newest) {
        await this.session.rest.PUT('/api/v1/shops/{shop_id}/alerts/read', { params: { path: { shop_id } }, body: { up_to } })
      }
      this.trouble.value = undefined
    } catch (error) {
      this.trouble.value = error
    }
  }

  private keep(alerts: Alert[]) {
    const all = new Map([...this.list.value, ...alerts].map((one) => [one.id, one]))
    this.list.value = [...all.values()].sort((one, other) => (one.id < other.id ? 1 : -1)).slice(0, LISTED)
  }
}

function fromPush(pushed: Pushed): Alert {
  return { ...pushed, kind: (words.get(pushed.kind) ?? 'unspecified') as Alert['kind'] }
}
