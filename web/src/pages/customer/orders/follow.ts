import { onBeforeUnmount, onMounted, watch } from 'vue'
import { useRoom } from '../../../room'

/** Loads now, and again when something moves in the conversation: its card is drawn anew whenever the order does.
 *
 * @param conversation Which; empty while it is not known yet. */
export function useFollow(conversation: () => string, load: () => unknown) {
  const { chats } = useRoom()
  let soon: ReturnType<typeof setTimeout> | undefined
  const later = () => {
    clearTimeout(soon)
    soon = setTimeout(load, 150)
  }
  onMounted(load)
  watch(() => chats.all.get(conversation())?.log.messages.value, (now, before) => before && now && later())
  addEventListener('focus', later)
  onBeforeUnmount(() => {
    clearTimeout(soon)
    removeEventListener('focus', later)
  })
}
