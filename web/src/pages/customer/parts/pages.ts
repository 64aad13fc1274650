import { onMounted, shallowRef } from 'vue'
import { useLatest } from './latest'

/** A list that grows by the server's cursors.
 *
 * @param load One page: its rows, and where the next one begins (empty: nowhere). */
export function usePages<T>(load: (cursor: string) => Promise<{ rows: T[]; next: string }>) {
  const rows = shallowRef<T[]>([])
  const next = shallowRef('')
  const listed = shallowRef(false)
  const { busy, trouble, latest } = useLatest()

  const page = (cursor: string) =>
    latest(() => load(cursor), (found) => {
      rows.value = cursor ? [...rows.value, ...found.rows] : found.rows
      next.value = found.next
      listed.value = true
    })
  const reload = () => page('')
  const more = () => page(next.value)
  /** Another list: nothing of the one before it stays. */
  function restart() {
    rows.value = []
    next.value = ''
    listed.value = false
    return reload()
  }
  onMounted(reload)

  return { rows, next, listed, busy, trouble, reload, more, restart }
}
