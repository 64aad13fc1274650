import { computed, shallowRef } from 'vue'
import { useDeed } from '../../../cards/deed'
import { Refused } from '../../../refused'
import { once, type Schema, told } from '../../../rest'
import { useRoom } from '../../../room'
import { useLatest } from '../parts/latest'
import { cartOf } from './cart'

type Delivery = Schema<'DeliveryMethod'>
/** What a basket costs with a coupon; nothing, if there is nothing in it. */
type Asked = { costs?: Schema<'Costs'>; coupon: string }

/** What is about to be bought in a shop: the server says what it costs, and an order is placed for just that sum. */
export function useCheckout(shop_id: string) {
  const { session } = useRoom()
  const { rest } = session
  const cart = cartOf(session.user?.id ?? '')
  const params = { path: { shop_id } }
  const costs = shallowRef<Schema<'Costs'>>()
  const delivery = shallowRef<Delivery>('express')
  /** Empty: the best one is taken; `none`: the customer wants none. */
  const picked = shallowRef('')
  const moved = shallowRef(false)
  const { busy, trouble: refused, attempt } = useDeed()
  const pricing = useLatest()
  const trouble = computed(() => refused.value || pricing.trouble.value)
  /** The same press, sent again, is one order; what was changed since is another one. */
  let press = once()

  const lines = computed(() => cart.of(shop_id))
  const basket = computed(() => ({ lines: lines.value.map(({ variant_id, units }) => ({ variant_id, units })) }))
  const idOf = (coupon: string) => (coupon === 'none' ? '' : coupon) || undefined
  /** While a new price is asked for nothing is ordered. */
  const isAsking = computed(() => busy.value || pricing.busy.value)

  /** What it costs now, and with the best coupon, unless the customer has picked one or none. */
  async function ask(coupon: string): Promise<Asked> {
    if (lines.value.length === 0) return { coupon }
    const quote = (coupon: string) => told(rest.POST('/api/v1/shops/{shop_id}/checkout/quote', { params, body: { basket: basket.value, delivery_method: delivery.value, coupon_id: idOf(coupon) } }))
    const plain = await quote(coupon)
    const best = plain.coupons.usable[0]?.coupon_id
    return !coupon && best ? { costs: await quote(best), coupon: best } : { costs: plain, coupon }
  }
  /** A coupon that the basket is too small for by now is put back. */
  const askOrPutBack = (coupon: string) =>
    ask(coupon).catch((error: unknown) => {
      if (coupon && error instanceof Refused && error.code === 'coupon_not_usable') return ask('')
      throw error
    })
  async function look() {
    await pricing.latest(() => askOrPutBack(picked.value), (found) => {
      picked.value = found.coupon
      costs.value = found.costs
      press = once()
    })
    // What was shown is of another basket.
    if (pricing.trouble.value) costs.value = undefined
  }

  async function change(work: () => void) {
    work()
    moved.value = false
    await look()
  }

  /** Gives the order; another price than what was shown is shown anew instead. */
  async function place(recipient: Schema<'Recipient'>, requests: string): Promise<Schema<'OrderShown'> | undefined> {
    let placed: Schema<'OrderShown'> | undefined
    await attempt(async () => {
      moved.value = false
      const agreed = { delivery_method: delivery.value, recipient, requests, coupon_id: idOf(picked.value), expected_total: costs.value?.total }
      try {
        placed = await told(rest.POST('/api/v1/shops/{shop_id}/checkout', { params: { ...params, header: press }, body: { basket: basket.value, ...agreed } }))
        cart.empty(shop_id)
      } catch (error) {
        if (!(error instanceof Refused) || !stale.has(error.code)) throw error
        if (error.code !== 'revision_stale') picked.value = ''
        await look()
        moved.value = true
      }
    })
    return placed
  }

  return { cart, lines, costs, delivery, picked, moved, busy: isAsking, trouble, look, change, place }
}

/** What was shown does not hold any more. */
const stale = new Set(['revision_stale', 'coupon_not_usable'])
