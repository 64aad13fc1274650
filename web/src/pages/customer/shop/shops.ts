import { computed } from 'vue'
import { ConversationKind } from '../../../contract/conversation'
import { type Schema, told } from '../../../rest'
import { useRoom } from '../../../room'

/** The shops that somebody has talked with, the latest first. */
export function useShops() {
  const { chats } = useRoom()
  return computed(() => {
    const known = chats.sorted.value.map((chat) => chat.about.value)
    const shops = known.filter(({ kind }) => kind === ConversationKind.CONVERSATION_KIND_SHOP)
    return shops.map(({ shop_id, title }) => ({ id: shop_id, name: title }))
  })
}

const asked = new Map<string, Promise<Schema<'Shop'>>>()

/** A shop's name and currency, asked for once. */
export function useShop() {
  const { rest } = useRoom().session
  return (shop_id: string): Promise<Schema<'Shop'>> => {
    const known = asked.get(shop_id) ?? told(rest.GET('/api/v1/shops/{shop_id}', { params: { path: { shop_id } } }))
    asked.set(shop_id, known)
    known.catch(() => asked.delete(shop_id))
    return known
  }
}
