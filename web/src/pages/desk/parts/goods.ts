import { computed, shallowRef } from 'vue'
import type { Office } from '../../../staff/office'
import { type Schema, told } from '../../../rest'

export type Goods = Schema<'Goods'>

/** Pages of the catalogue that are looked through: what is beyond is found by its own page in the centre. */
const PAGES = 5
/** So many are drawn. */
const DRAWN = 40

/** What the shop has on sale, found by what somebody types. */
export function useGoods({ rest, path }: Office) {
  const all = shallowRef<Goods[]>([])
  const sought = shallowRef('')
  const busy = shallowRef(true)
  const trouble = shallowRef<unknown>()
  const found = computed(() => {
    const words = sought.value.trim().toLowerCase()
    return all.value.filter((one) => textOf(one).includes(words)).slice(0, DRAWN)
  })

  async function load() {
    try {
      for (let cursor = '', page = 0; page < PAGES; page += 1) {
        const part = await told(rest.GET('/api/v1/shops/{shop_id}/products', { params: { path, query: { limit: 100, cursor } } }))
        all.value = [...all.value, ...part.products]
        cursor = part.next_cursor
        if (!cursor) break
      }
    } catch (error) {
      trouble.value = error
    } finally {
      busy.value = false
    }
  }

  void load()
  return { all, sought, found, busy, trouble }
}

function textOf({ product, variants }: Goods): string {
  const skus = variants.map((one) => one.sku ?? '')
  return [product.title, ...product.labels, ...product.category, ...skus].join(' ').toLowerCase()
}
