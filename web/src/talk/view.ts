import { computed, nextTick, onBeforeUnmount, onMounted, type Ref, shallowRef, watch } from 'vue'
import type { Message } from '../contract/conversation'
import { LineLost } from '../socket'
import type { Chat } from '../store/chat'
import type { Chats } from '../store/chats'

/** So many messages are drawn at once, however long the conversation is; the rest is known and not drawn. */
const DRAWN = 120
const STEP = 40
/** Pixels from an edge at which the view moves on. */
const NEAR = 400

/** What of a long conversation is drawn, and how it moves under somebody's finger without jumping. */
export function useView(chats: Chats, chat: Ref<Chat>, scroller: Ref<HTMLElement | null>) {
  /** The number of the last message drawn; nothing: the newest one, whichever it is. */
  const until = shallowRef<number>()
  const loading = shallowRef(false)
  /** Somebody looks at the end of what is drawn. */
  let atEnd = true
  /** How far down it was scrolled last. */
  let top = 0
  const all = computed(() => chat.value.log.messages.value)
  const end = computed(() => {
    const last = until.value
    return last === undefined ? all.value.length : all.value.findLastIndex((one) => one.number <= last) + 1
  })
  const drawn = computed(() => all.value.slice(Math.max(0, end.value - DRAWN), end.value))
  const atNewest = computed(() => until.value === undefined)

  /** Changes what is drawn, and keeps what is seen where it is. */
  async function still(change: () => void | Promise<void>) {
    const anchor = firstSeen(scroller.value)
    const before = anchor?.getBoundingClientRect().top ?? 0
    await change()
    await nextTick()
    const same = anchor && scroller.value?.querySelector(`[data-number="${anchor.dataset.number}"]`)
    if (same && scroller.value) scroller.value.scrollTop += same.getBoundingClientRect().top - before
  }

  async function up() {
    const needsPage = end.value <= DRAWN && chat.value.log.older.value
    if (loading.value || (!needsPage && end.value <= DRAWN)) return
    loading.value = true
    try {
      if (needsPage) await still(() => chats.loadOlder(chat.value))
      if (end.value > DRAWN) await still(() => void (until.value = numberAt(end.value - STEP)))
    } catch (error) {
      if (!(error instanceof LineLost)) throw error
    } finally {
      loading.value = false
    }
  }

  async function down() {
    if (atNewest.value) return
    const next = end.value + STEP
    await still(() => void (until.value = next >= all.value.length ? undefined : numberAt(next)))
  }

  async function toNewest() {
    until.value = undefined
    await nextTick()
    toEnd()
  }

  function toEnd() {
    scroller.value?.scrollTo({ top: scroller.value.scrollHeight })
  }

  function numberAt(index: number): number | undefined {
    return all.value[Math.max(0, index - 1)]?.number
  }

  /** Somebody reads further up: what comes meanwhile does not push it away. Only who moves up leaves the end; in a flood the end moves away by itself. */
  function scrolled() {
    const at = scroller.value
    if (!at) return
    const below = at.scrollHeight - at.scrollTop - at.clientHeight
    atEnd = below < NEAR / 4 || (atEnd && at.scrollTop >= top)
    top = at.scrollTop
    if (atNewest.value && !atEnd) until.value = all.value.at(-1)?.number
    if (atEnd) void down()
    if (at.scrollTop < NEAR) void up()
  }

  /** Pictures and cards grow when they are loaded: whoever looks at the end goes on looking at it. */
  const grown = new ResizeObserver(() => atEnd && atNewest.value && toEnd())
  watch(atNewest, (at) => (chat.value.log.keepsAll = !at))
  watch(all, () => atEnd && atNewest.value && void toNewest(), { flush: 'pre' })
  onMounted(() => {
    for (const part of scroller.value?.children ?? []) grown.observe(part)
    if (scroller.value) grown.observe(scroller.value)
    void begin()
  })
  onBeforeUnmount(() => {
    grown.disconnect()
    chat.value.log.keepsAll = false
  })

  async function begin() {
    until.value = undefined
    if (all.value.length < STEP && chat.value.log.older.value) await up()
    await toNewest()
  }

  return { drawn, atNewest, loading, scrolled, toNewest }
}

function firstSeen(scroller: HTMLElement | null): HTMLElement | undefined {
  const top = scroller?.getBoundingClientRect().top ?? 0
  const rows = scroller?.querySelectorAll<HTMLElement>('[data-number]') ?? []
  return [...rows].find((row) => row.getBoundingClientRect().bottom > top)
}

/** The message before it, if it is of the same day and by the same person: they are drawn as one. */
export function continues(message: Message, before: Message | undefined): boolean {
  if (!before || before.notice || message.notice) return false
  return before.sender?.user_id === message.sender?.user_id && message.sent_at - before.sent_at < 300_000
}
