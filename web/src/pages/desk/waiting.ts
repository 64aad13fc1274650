import { onBeforeUnmount, shallowRef } from 'vue'
import { ConversationKind } from '../../contract/conversation'
import type { Chat } from '../../store/chat'

/** Since when a customer waits for an answer; nothing if the shop spoke last. */
export function waitingSince(chat: Chat): number | undefined {
  const { last, about } = chat
  const isCustomers = about.value.kind === ConversationKind.CONVERSATION_KIND_SHOP
  const spoke = last.value?.sender?.user_id === about.value.partner?.id
  return isCustomers && spoke ? last.value?.sent_at : undefined
}

/** Those who wait, the longest first. */
export function waitingFirst(chats: Chat[]): Chat[] {
  const waiting = chats.filter((chat) => waitingSince(chat) !== undefined)
  return waiting.sort((one, other) => (waitingSince(one) ?? 0) - (waitingSince(other) ?? 0))
}

/** The time, as it goes on while somebody looks. */
export function useNow() {
  const now = shallowRef(Date.now())
  const ticking = setInterval(() => (now.value = Date.now()), 10_000)
  onBeforeUnmount(() => clearInterval(ticking))
  return now
}
