import { watch } from 'vue'
import type { Chats } from '../../../store/chats'

/** Waits until this page has met a conversation, which the server pushes a moment after somebody came into it; three seconds at most. */
export function whenThere(chats: Chats, id: string): Promise<void> {
  return new Promise((met) => {
    const stop = watch(() => chats.all.has(id), (there) => there && done(), { immediate: false })
    const late = setTimeout(done, 3_000)
    function done() {
      stop()
      clearTimeout(late)
      met()
    }
    if (chats.all.has(id)) done()
  })
}
