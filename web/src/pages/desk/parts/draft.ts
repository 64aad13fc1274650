import { computed, reactive, shallowReactive } from 'vue'
import type { Schema } from '../../../rest'
import type { Office } from '../../../staff/office'
import { minorOf, typedOf } from '../../../staff/amount'
import type { Goods } from './goods'

/** A line of an order to be. */
export interface DraftLine {
  variant_id: string
  title: string
  choice: string[]
  units: number
  /** The shop's own price of one, in minor units. */
  price: number
  /** As it is typed, if another one was agreed. */
  agreed: string
}

/** What the form for a chat order is filled with. */
export interface Form {
  recipient: Required<Schema<'Recipient'>>
  coupons: Schema<'Coupon'>[]
}

/** What staff and customer agree on, while it is being put together. */
export function useDraft({ shop }: Office) {
  const lines = shallowReactive(new Map<string, DraftLine>())
  const terms = reactive({
    name: '',
    phone: '',
    address: '',
    delivery_method: 'express' as Schema<'DeliveryMethod'>,
    terms: 'pay_first' as Schema<'PaymentTerms'>,
    coupon_id: '',
    requests: '',
  })
  const typed = (minor: number) => typedOf(minor, shop.value.currency)

  function add({ product, price }: Goods, variant: Schema<'Variant'>) {
    const known = lines.get(variant.id)
    const line = known ?? { variant_id: variant.id, title: product.title, choice: variant.choice, units: 0, price, agreed: typed(price) }
    lines.set(variant.id, reactive({ ...line, units: line.units + 1 }))
  }

  /** Another price than the shop's was agreed; nothing if none was, or if it is no amount. */
  function agreedOf({ agreed, price }: DraftLine): number | undefined {
    const minor = minorOf(agreed, shop.value.currency)
    return minor === price ? undefined : minor
  }

  const sum = computed(() => [...lines.values()].reduce((sum, line) => sum + (agreedOf(line) ?? line.price) * line.units, 0))

  function agreement(): Schema<'Agreement'> {
    const { name, phone, address, ...rest } = terms
    const agreed = [...lines.values()].map((line) => ({ variant_id: line.variant_id, price: agreedOf(line) }))
    return {
      basket: { lines: [...lines.values()].map(({ variant_id, units }) => ({ variant_id, units: Number(units) })), bundles: [] },
      prices: agreed.filter((one): one is { variant_id: string; price: number } => one.price !== undefined),
      ...rest,
      coupon_id: terms.coupon_id || null,
      recipient: { name, phone, address },
    }
  }

  return { lines, terms, sum, add, agreement }
}
