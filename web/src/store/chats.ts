import { computed, shallowReactive, shallowRef, watch } from 'vue'
import { type Authenticated, Permission, type Post } from '../contract/account'
import type { Conversation, Head, Message } from '../contract/conversation'
import { type Door, LineLost, type PushEvent, Socket } from '../socket'
import { CatchUp } from './catch_up'
import { Chat } from './chat'
import { type QueuedSend, type Said, SendQueue } from './send_queue'

/** Somebody types until so long after they were last heard of. */
const TYPING = 5_000
/** So many conversations are listed, of each shop and of one's own. */
const LISTED = 500
/** One page of history. */
const PAGE = 50

/** What a page needs besides: where the server is, how one is let in, where sends are kept; the only shop that it shows, if it does not show all. */
export type Way = Pick<Door, 'url' | 'ticket' | 'connect' | 'chance'> & { shelf: Storage; me: string; shop?: string | undefined }

/** Everything that somebody hears and says: their conversations, each in order, on one line. */
export class Chats {
  readonly all = shallowReactive(new Map<string, Chat>())
  readonly posts = shallowRef<Post[]>([])
  readonly listed = shallowRef(false)
  readonly socket: Socket
  readonly queue: SendQueue
  /** Whoever else wants to hear what is pushed: alerts, who is on the line, cards that move. */
  readonly others = new Set<(event: PushEvent) => void>()
  private readonly catching: CatchUp
  private meeting: Promise<void> | undefined

  constructor(private readonly way: Way) {
    const door: Door = { ...way, opened: (welcome) => this.opened(welcome), pushed: (event) => this.pushed(event) }
    this.socket = new Socket(door)
    this.queue = new SendQueue(this.socket, way.shelf, `souk.send.${way.me}.`, (send) => this.isHeard(send))
    this.catching = new CatchUp(this.socket, (chat) => this.all.delete(chat.id))
    watch(this.socket.state, (state) => state === 'live' && this.queue.resume(), { flush: 'sync' })
  }

  /** Those with the latest words first. */
  readonly sorted = computed(() => [...this.all.values()].filter(({ about }) => !this.way.shop || about.value.shop_id === this.way.shop).sort((one, other) => other.activeAt.value - one.activeAt.value))
  readonly unread = computed(() => this.sorted.value.reduce((sum, chat) => sum + chat.unread.value, 0))

  /** Finds or opens the conversation with a shop, about a product or not. */
  async open(shop_id: string, product_id = '', user_id = ''): Promise<Chat> {
    const about = await this.socket.ask('open_conversation', { shop_id, user_id, source: 'page', product_id })
    const chat = this.meetOne(about)
    await this.catchUp([chat])
    return chat
  }

  /** One more page of history. */
  async loadOlder({ id, log }: Chat): Promise<void> {
    const before = log.messages.value[0]?.number ?? 0
    const page = { conversation_id: id, before, limit: PAGE, pinned_only: false }
    const { messages, more } = await this.socket.ask('list_messages', page)
    log.addOlder(messages, more)
  }

  say(said: Said) {
    this.queue.say(said)
  }

  /** Tells that everything in it was seen. */
  async markRead(chat: Chat): Promise<void> {
    const { number } = chat.log.cursor
    if (number <= chat.read.value) return
    chat.readMoved(this.way.me, number)
    await this.socket.ask('mark_read', { conversation_id: chat.id, number })
  }

  /** What was said and is not in the log yet, the oldest first. */
  underWay(chat: Chat) {
    const isHere = (send: QueuedSend) => send.request.conversation_id === chat.id && !this.isHeard(send)
    return [...this.queue.sends.values()].filter(isHere)
  }

  private isHeard({ request, number }: QueuedSend): boolean {
    return this.all.get(request.conversation_id)?.log.has(request.client_message_id, number) ?? false
  }

  private async opened(welcome: Authenticated): Promise<void> {
    this.posts.value = welcome.posts
    if (!this.listed.value) await this.list()
    await this.catchUp(this.all.values())
    this.listed.value = true
  }

  private async catchUp(chats: Iterable<Chat>): Promise<void> {
    await this.catching.run(chats)
    for (const send of this.queue.sends.values()) if (this.isHeard(send)) this.queue.forget(send.request.client_message_id)
  }

  /** One's own conversations and, for staff, those of each shop's customers; the heads are where the logs begin. */
  private async list(): Promise<void> {
    const shops = this.posts.value.filter(mayChat).map((post) => post.shop_id)
    for (const shop_id of ['', ...shops]) await this.listOf(shop_id)
  }

  /** The latest; older ones are met when somebody speaks in them. */
  private async listOf(shop_id: string): Promise<void> {
    for (let cursor = '', listed = 0; listed < LISTED; listed += 100) {
      const page = await this.socket.ask('list_conversations', { shop_id, cursor, limit: 100 })
      for (const about of page.conversations) this.meetOne(about)
      cursor = page.next_cursor
      if (!cursor) return
    }
  }

  private meetOne(about: Conversation): Chat {
    const known = this.all.get(about.id)
    if (known) known.see(about)
    const chat = known ?? new Chat(about, this.way.me)
    this.all.set(about.id, chat)
    return chat
  }

  /** Somebody speaks in a conversation that is not here: it is new, or it was long silent. */
  private meet(): Promise<void> {
    this.meeting ??= this.list()
      .then(() => this.catchUp(this.all.values()))
      .finally(() => (this.meeting = undefined))
    return this.meeting
  }

  private pushed(event: PushEvent) {
    const conversation = conversationOf(event)
    const chat = this.all.get(conversation)
    for (const listener of this.others) listener(event)
    if (event.$case === 'heartbeat') this.compare(event.value.heads)
    else if (!conversation) return
    else if (event.$case === 'conversation_left') this.all.delete(conversation)
    else if (!chat) this.mend(() => this.meet())
    else this.hear(chat, event)
  }

  private hear(chat: Chat, event: PushEvent) {
    if (chat.hear(event) === 'gap') this.mend(() => this.catchUp([chat]))
    if (event.$case === 'message_posted' && event.value.message) this.arrived(event.value.message)
    if (event.$case === 'read_moved') chat.readMoved(event.value.user_id, event.value.number)
    if (event.$case === 'conversation_changed' && event.value.conversation) chat.see(event.value.conversation)
    if (event.$case === 'typing') this.typed(chat, event.value.user_id)
  }

  /** Heads that are ahead of the logs: something was not shown on this line. */
  private compare(heads: Head[]) {
    const chats = heads.map((head) => this.all.get(head.conversation_id))
    const behind = heads.flatMap((head, at) => {
      const chat = chats[at]
      return chat && chat.log.isBehind(head) ? [chat] : []
    })
    if (chats.includes(undefined)) this.mend(() => this.meet())
    else if (behind.length > 0) this.mend(() => this.catchUp(behind))
  }

  /** What was said here is in the log now: the queue may forget it. */
  private arrived(message: Message) {
    const mine = message.sender?.user_id === this.way.me
    if (mine && this.queue.sends.has(message.client_message_id)) this.queue.forget(message.client_message_id)
  }

  private typed(chat: Chat, user: string) {
    if (user === this.way.me) return
    const until = Date.now() + TYPING
    chat.typing.set(user, until)
    setTimeout(() => chat.typing.get(user) === until && chat.typing.delete(user), TYPING)
  }

  /** Closes a gap. If the line breaks meanwhile, the next one begins by closing all of them. */
  private mend(close: () => Promise<void>) {
    close().catch((error: unknown) => {
      if (!(error instanceof LineLost)) throw error
    })
  }
}

function mayChat(post: Post): boolean {
  return post.permissions.includes(Permission.PERMISSION_CHAT)
}

/** Which conversation a push is of; empty: of none. */
function conversationOf(event: PushEvent): string {
  switch (event.$case) {
    case 'message_posted':
    case 'message_changed':
      return event.value.message?.conversation_id ?? ''
    case 'conversation_changed':
      return event.value.conversation?.id ?? ''
    case 'read_moved':
    case 'typing':
    case 'conversation_left':
      return event.value.conversation_id
    default:
      return ''
  }
}
