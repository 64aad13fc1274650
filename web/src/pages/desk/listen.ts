import { onBeforeUnmount, watch } from 'vue'
import { heard } from '../../staff/office'
import type { PushEvent } from '../../socket'
import type { Chats } from '../../store/chats'

/** What comes within so many milliseconds is told together. */
const TOGETHER = 400

/** What is shown beside a conversation loads again when a card of it moves, a notice comes, or there is a new line. */
export function listenTo(chats: Chats, open: () => string) {
  let told = new Set<string>()
  let telling: ReturnType<typeof setTimeout> | undefined

  function tell(kind: string) {
    told.add(kind)
    telling ??= setTimeout(() => {
      heard.value = told
      told = new Set()
      telling = undefined
    }, TOGETHER)
  }

  function hear(event: PushEvent) {
    if (event.$case !== 'message_posted' && event.$case !== 'message_changed') return
    const { message } = event.value
    if (message?.conversation_id !== open()) return
    if (message.card?.order) tell('order')
    if (message.card?.case) tell('case')
    if (message.card || message.notice) tell('card')
  }

  chats.others.add(hear)
  watch(chats.socket.state, (state) => state === 'live' && tell('line'))
  onBeforeUnmount(() => {
    clearTimeout(telling)
    chats.others.delete(hear)
  })
}
