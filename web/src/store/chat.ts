import { computed, shallowReactive, shallowRef } from 'vue'
import type { CatchUp, Conversation, Message } from '../contract/conversation'
import type { PushEvent } from '../socket'
import { Log } from './log'

/** A conversation as this person sees it now. */
export class Chat {
  readonly log: Log
  readonly about = shallowRef<Conversation>({} as Conversation)
  readonly last = shallowRef<Message | undefined>()
  /** This person has read up to here, on whatever device. */
  readonly read = shallowRef(0)
  readonly unread = shallowRef(0)
  /** How far the others have read, as far as that was heard. */
  readonly readByOthers = shallowRef(0)
  /** Who is typing, and until when that counts. */
  readonly typing = shallowReactive(new Map<string, number>())
  /** What is pushed while the log catches up waits here: it is sorted in afterwards. */
  private held: PushEvent[] | undefined
  /** When it last caught up, by a counter: who has waited longest is first. */
  caughtUpAt = 0

  constructor(
    conversation: Conversation,
    private readonly me: string,
  ) {
    this.log = new Log(conversation.id)
    if (conversation.head) this.log.cursor = { ...conversation.head }
    this.see(conversation)
  }

  get id(): string {
    return this.log.conversation_id
  }

  readonly activeAt = computed(() => this.last.value?.sent_at ?? this.about.value.active_at)

  /** The conversation as the server tells of it. */
  see(conversation: Conversation) {
    this.about.value = conversation
    this.read.value = Math.max(this.read.value, conversation.read)
    if (conversation.last_message) this.showLast(conversation.last_message)
    this.unread.value = conversation.unread
  }

  /** Sorts in what was pushed; says whether something is missing. */
  hear(event: PushEvent): 'known' | 'gap' {
    if (this.held) {
      this.held.push(event)
      return 'known'
    }
    if (event.$case === 'message_posted' && event.value.message) return this.post(event.value.message)
    if (event.$case === 'message_changed' && event.value.message) this.change(event.value.message)
    return 'known'
  }

  /** What is pushed from now on waits until `caughtUp`. */
  hold() {
    this.held ??= []
  }

  /** One page of what was missed. */
  catchUp(missed: CatchUp) {
    this.log.catchUp(missed)
    const others = missed.messages.filter((one) => one.sender?.user_id !== this.me)
    this.unread.value += others.length
    this.moveRead(missed.read)
    const last = missed.messages.at(-1)
    if (last) this.showLast(last)
    for (const changed of missed.changed) if (changed.number === this.last.value?.number) this.showLast(changed)
  }

  /** All pages are there: sorts in what was pushed meanwhile. */
  caughtUp(at: number): 'known' | 'gap' {
    this.caughtUpAt = at
    const held = this.held ?? []
    this.held = undefined
    const places = held.map((event) => this.hear(event))
    return places.includes('gap') ? 'gap' : 'known'
  }

  /** Somebody has read up to here. */
  readMoved(user: string, number: number) {
    if (user === this.me) this.moveRead(number)
    else this.readByOthers.value = Math.max(this.readByOthers.value, number)
  }

  private moveRead(number: number) {
    if (number <= this.read.value) return
    this.read.value = number
    const { messages, cursor } = this.log
    const isUnread = (one: Message) => one.number > number && one.sender?.user_id !== this.me
    const isThere = (messages.value[0]?.number ?? Infinity) <= number + 1
    const most = Math.max(0, cursor.number - number)
    this.unread.value = Math.min(most, isThere ? messages.value.filter(isUnread).length : this.unread.value)
  }

  private post(message: Message): 'known' | 'gap' {
    const place = this.log.post(message)
    if (place !== 'next') return place
    this.showLast(message)
    if (message.sender) this.typing.delete(message.sender.user_id)
    if (message.sender?.user_id !== this.me) this.unread.value += 1
    return 'known'
  }

  private change(message: Message) {
    this.log.change(message)
    if (message.number === this.last.value?.number) this.showLast(message)
  }

  private showLast(message: Message) {
    if (message.number >= (this.last.value?.number ?? 0)) this.last.value = message
  }
}
