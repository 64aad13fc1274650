import { shallowRef, watch } from 'vue'
import { heard } from '../../../staff/office'

/** A list as the server gives it: rows, and where the next page begins (empty: nowhere). */
export interface Page<T> {
  rows: T[]
  next: string
}

/** A list that is read by pages, forward by the server's cursors and back by those that were used.
 *
 * @param load One page; refusals are shown above the list.
 * @param kinds What makes it load again, when the shop hears of it. */
export function usePages<T>(load: (cursor: string) => Promise<Page<T>>, kinds: string[] = []) {
  const rows = shallowRef<T[]>([])
  const next = shallowRef('')
  const busy = shallowRef(true)
  const trouble = shallowRef<unknown>()
  /** The cursors of the pages before this one, and of this one. */
  const way = shallowRef([''])
  let turn = 0

  async function show(cursors: string[]) {
    const mine = ++turn
    busy.value = true
    try {
      const page = await load(cursors.at(-1) ?? '')
      // Somebody has turned the page meanwhile.
      if (mine !== turn) return
      rows.value = page.rows
      next.value = page.next
      way.value = cursors
      trouble.value = undefined
    } catch (error) {
      if (mine === turn) trouble.value = error
    } finally {
      if (mine === turn) busy.value = false
    }
  }

  /** The row is as it is now: puts it into its place. */
  function replace(row: T, isIt: (one: T) => boolean) {
    rows.value = rows.value.map((one) => (isIt(one) ? row : one))
  }

  watch(heard, (now) => kinds.some((kind) => now.has(kind)) && void show(way.value))
  void show([''])
  return {
    rows,
    next,
    busy,
    trouble,
    way,
    replace,
    first: () => show(['']),
    again: () => show(way.value),
    forward: () => show([...way.value, next.value]),
    back: () => show(way.value.slice(0, -1)),
  }
}

export type Pages<T> = ReturnType<typeof usePages<T>>
