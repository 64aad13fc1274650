import { inject, type InjectionKey, onBeforeUnmount, provide, watch } from 'vue'
import type { Session } from './session'
import { Chats } from './store/chats'

/** What every part of a page may use: who is logged in, and what they hear and say. */
export interface Room {
  session: Session
  chats: Chats
  /** The only shop that is shown; none: all. */
  shop?: string | undefined
}

const key: InjectionKey<Room> = Symbol('room')

/** Opens the line for whoever is logged in, and keeps it while the page shows them anything. */
export function openRoom(session: Session, shop?: string): Room {
  const url = `${location.origin.replace(/^http/, 'ws')}/socket`
  const chats = new Chats({ url, ticket: () => session.ticket(), shelf: localStorage, me: session.user?.id ?? '', shop })
  const hurry = () => chats.socket.hurry()
  addEventListener('online', hurry)
  addEventListener('focus', hurry)
  const fresh = setInterval(() => void session.token().catch(() => undefined), 60_000)
  watch(chats.socket.state, (state) => state === 'over' && chats.socket.why.value !== '4103' && session.forget())
  onBeforeUnmount(() => {
    removeEventListener('online', hurry)
    removeEventListener('focus', hurry)
    clearInterval(fresh)
    chats.socket.stop()
  })
  void chats.socket.run()
  const room = { session, chats, shop }
  provide(key, room)
  return room
}

export function useRoom(): Room {
  const room = inject(key)
  if (!room) throw new Error('there is no room around this')
  return room
}
