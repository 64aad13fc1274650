import { computed, type ComputedRef, type ShallowRef, shallowRef } from 'vue'
import { stored } from '../../../stored'

/** Something in the cart: what it was called when it was put in. What it costs, the server says each time. */
export interface CartLine {
  shop_id: string
  product_id: string
  variant_id: string
  title: string
  choice: string[]
  picture?: string
  units: number
}

/** So many pieces of one thing at most. */
export const MOST = 999

/** What somebody wants to buy, on this device. */
export interface Cart {
  lines: ShallowRef<CartLine[]>
  units: ComputedRef<number>
  of(shop_id: string): CartLine[]
  add(line: CartLine): void
  /** None: it is not in the cart any more. */
  change(variant_id: string, units: number): void
  empty(shop_id: string): void
}

const carts = new Map<string, Cart>()

/** @param user Whose it is: a device may be used by several people. */
export function cartOf(user: string): Cart {
  const cart = carts.get(user) ?? open(`souk.cart.${user}`)
  carts.set(user, cart)
  return cart
}

function open(key: string): Cart {
  const lines = shallowRef<CartLine[]>(read(key))
  const keep = (changed: CartLine[]) => {
    lines.value = changed
    localStorage.setItem(key, JSON.stringify(changed))
  }
  // Another page of this browser has changed it.
  addEventListener('storage', (event) => event.key === key && (lines.value = read(key)))
  return {
    lines,
    units: computed(() => lines.value.reduce((sum, { units }) => sum + units, 0)),
    of: (shop_id) => lines.value.filter((one) => one.shop_id === shop_id),
    add(line) {
      const there = lines.value.find(({ variant_id }) => variant_id === line.variant_id)
      const units = Math.min(MOST, line.units + (there?.units ?? 0))
      keep([...lines.value.filter((one) => one !== there), { ...line, units }])
    },
    change(variant_id, units) {
      const changed = lines.value.map((one) => (one.variant_id === variant_id ? { ...one, units: Math.min(MOST, units) } : one))
      keep(changed.filter((one) => one.units > 0))
    },
    empty: (shop_id) => keep(lines.value.filter((one) => one.shop_id !== shop_id)),
  }
}

function read(key: string): CartLine[] {
  return stored(key) ?? []
}
