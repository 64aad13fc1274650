import { onMounted, shallowRef } from 'vue'
import { useDeed } from '../../../cards/deed'

/** A list that grows by the server's cursors.
 *
 * @param load One page: its rows, and where the next one begins (empty: nowhere). */
export function usePages<T>(load: (cursor: string) => Promise<{ rows: T[]; next: string }>) {
  const rows = shallowRef<T[]>([])
  const next = shallowRef('')
  const listed = shallowRef(false)
  const { busy, trouble, attempt } = useDeed()

  async function page(cursor: string) {
    const found = await load(cursor)
    rows.value = cursor ? [...rows.value, ...found.rows] : found.rows
    next.value = found.next
    listed.value = true
  }
  const reload = () => attempt(() => page(''))
  const more = () => attempt(() => page(next.value))
  onMounted(reload)

  return { rows, next, listed, busy, trouble, reload, more }
}
