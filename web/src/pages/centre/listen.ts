import { onBeforeUnmount, shallowRef } from 'vue'
import { AlertKind } from '../../contract/alert'
import type { Card } from '../../contract/card'
import type { Session } from '../../session'
import { type PushEvent, Socket } from '../../socket'
import { heard } from '../../staff/office'

/** What waits for the shop, as it is now. */
export interface Work {
  orders: number
  cases: number
}

/** What comes within so many milliseconds is told together: a rush of orders loads a list once a moment, not once an order. */
const TOGETHER = 400

const kinds = new Map(Object.entries(AlertKind).map(([name, kind]) => [kind, name.slice('ALERT_KIND_'.length).toLowerCase()]))

/** Keeps a line open while the page is: lists load again when something asks for the shop, and the counts are as they are.
 * Conversations are the desk's. */
export function listen(session: Session, shop_id: () => string) {
  /** By shop: the first counts may be here before it is known which shop is looked at. */
  const work = shallowRef<ReadonlyMap<string, Work>>(new Map())
  const socket = new Socket({
    url: `${location.origin.replace(/^http/, 'ws')}/socket`,
    ticket: () => session.ticket(),
    // What happened while there was no line is asked for by loading again.
    opened: async () => tell('line'),
    pushed,
  })

  function pushed(event: PushEvent) {
    if (event.$case === 'work_counts') {
      const { shop_id, pending_orders, pending_cases } = event.value
      work.value = new Map(work.value).set(shop_id, { orders: pending_orders, cases: pending_cases })
      tell('work')
    }
    if (event.$case === 'alert' && event.value.shop_id === shop_id()) tell(kinds.get(event.value.kind) ?? '')
    // An order or a case has moved when its card has: whoever may chat hears that at once.
    if (event.$case === 'message_posted' || event.$case === 'message_changed') moved(event.value.message?.card)
  }

  function moved(card: Card | undefined) {
    if (card?.order) tell('order')
    if (card?.case) tell('case')
  }

  let told = new Set<string>()
  let telling: ReturnType<typeof setTimeout> | undefined
  function tell(kind: string) {
    if (!kind) return
    told.add(kind)
    telling ??= setTimeout(() => {
      heard.value = told
      told = new Set()
      telling = undefined
    }, TOGETHER)
  }

  const hurry = () => socket.hurry()
  addEventListener('online', hurry)
  addEventListener('focus', hurry)
  onBeforeUnmount(() => {
    clearTimeout(telling)
    removeEventListener('online', hurry)
    removeEventListener('focus', hurry)
    socket.stop()
  })
  void socket.run()
  return { work, socket }
}
