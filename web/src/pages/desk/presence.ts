import { computed, shallowReactive, watch } from 'vue'
import type { Chats } from '../../store/chats'

/** So many are watched. */
const WATCHED = 200

/** Who of the latest customers is on the line; asked anew on every line, and when there are others. */
export function usePresence(chats: Chats): Set<string> {
  const online = shallowReactive(new Set<string>())
  const customers = computed(() => {
    const partners = chats.sorted.value.map((chat) => chat.about.value.partner?.id ?? '')
    return partners.filter(Boolean).slice(0, WATCHED).sort().join()
  })
  watch([customers, chats.socket.state], async ([now, state]) => {
    if (state !== 'live' || !now) return
    const { people } = await chats.socket.ask('watch_presence', { user_ids: now.split(',') })
    online.clear()
    for (const one of people) if (one.online) online.add(one.user_id)
  })
  chats.others.add((event) => {
    if (event.$case !== 'presence_changed' || !event.value.presence) return
    const { user_id, online: isOnline } = event.value.presence
    if (isOnline) online.add(user_id)
    else online.delete(user_id)
  })
  return online
}
