import { type Component, defineAsyncComponent, type InjectionKey } from 'vue'
import type { Card } from '../contract/card'

/** One line for each kind of card; each is loaded when the first of its kind is met. */
const views = {
  order: defineAsyncComponent(() => import('./OrderCard.vue')),
  coupon: defineAsyncComponent(() => import('./CouponCard.vue')),
  draw: defineAsyncComponent(() => import('./DrawCard.vue')),
  red_packet: defineAsyncComponent(() => import('./RedPacketCard.vue')),
  product: defineAsyncComponent(() => import('./ProductCard.vue')),
  link: defineAsyncComponent(() => import('./LinkCard.vue')),
} satisfies Partial<Record<keyof Card, Component>>

/** What draws this card; a kind that has no view here is shown by its summary. */
export function bodyOf(card: Card): { view: Component; card: object } | undefined {
  for (const [kind, view] of Object.entries(views)) {
    const body = card[kind as keyof typeof views]
    if (body) return { view, card: body }
  }
  return undefined
}

/** What a page draws below every card: the desk, what staff may do. */
export const belowCards: InjectionKey<Component> = Symbol('below cards')
