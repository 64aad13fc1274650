import { shallowRef } from 'vue'
import type { CatchUp, Cursor, Head, Message } from '../contract/conversation'

/** What a pushed message meets in a log: it is the next one, it is there already, or one before it is missing. */
export type Place = 'next' | 'known' | 'gap'

/** So many messages are kept, and half as many more before some are let go: what is older is asked for again when somebody wants it. */
const KEPT = 1_000

/** What is known of one conversation, in order of numbers; the rules are those of docs/protocol.md, part 4. */
export class Log {
  /** The oldest first. Replaced, never changed in place. */
  readonly messages = shallowRef<Message[]>([])
  /** There may be older ones. */
  readonly older = shallowRef(true)
  /** The highest number and revision that are known; what is shown before them may be incomplete. */
  cursor: Cursor
  /** Somebody reads further up: nothing goes away there. */
  keepsAll = false
  private readonly ids = new Set<string>()

  constructor(readonly conversation_id: string) {
    this.cursor = { conversation_id, number: 0, revision: 0 }
  }

  /** A new message. Behind a gap it is not kept: `resume` brings it with those before it. */
  post(message: Message): Place {
    if (message.number <= this.cursor.number) return 'known'
    if (message.number > this.cursor.number + 1) return 'gap'
    this.append([message])
    this.cursor = { ...this.cursor, number: message.number }
    return 'next'
  }

  /** A message as it is now. */
  change(message: Message) {
    this.cursor = { ...this.cursor, revision: Math.max(this.cursor.revision, message.revision) }
    this.redraw([message])
  }

  /** A page of history, in whatever order. */
  addOlder(page: Message[], more: boolean) {
    // What is beyond the cursor is on its way by itself.
    const first = this.messages.value[0]?.number ?? this.cursor.number + 1
    const older = page.filter((one) => one.number < first).sort(byNumber)
    for (const one of older) this.ids.add(one.client_message_id)
    if (older.length > 0) this.messages.value = [...older, ...this.messages.value]
    this.redraw(page.filter((one) => one.number >= first))
    this.older.value = more
  }

  /** What was missed, complete: the cursor is where the server says. */
  catchUp(missed: CatchUp) {
    this.append(missed.messages.filter((one) => one.number > this.cursor.number))
    this.redraw(missed.changed)
    this.moveTo(missed.cursor)
  }

  /** Never back: another answer may have come first. */
  private moveTo(to: Cursor | undefined) {
    const { number, revision } = this.cursor
    const forward = { number: Math.max(number, to?.number ?? 0), revision: Math.max(revision, to?.revision ?? 0) }
    this.cursor = { ...this.cursor, ...forward }
  }

  /** The message of this number, if it is here. */
  find(number: number): Message | undefined {
    const at = this.placeOf(number)
    return at < 0 ? undefined : this.messages.value[at]
  }

  /** Has the conversation moved on without it? */
  isBehind(head: Head): boolean {
    return head.number > this.cursor.number || head.revision > this.cursor.revision
  }

  /** Is what was sent under this id here, or, once its number is known, further up, where nothing has been loaded yet? */
  has(client_message_id: string, number = Infinity): boolean {
    const isLoaded = this.messages.value.length > 0 && this.ids.has(client_message_id)
    return isLoaded || number <= this.cursor.number
  }

  private append(messages: Message[]) {
    if (messages.length === 0) return
    for (const one of messages) this.ids.add(one.client_message_id)
    this.messages.value = this.letGo([...this.messages.value, ...messages])
  }

  private letGo(messages: Message[]): Message[] {
    if (this.keepsAll || messages.length < KEPT * 1.5) return messages
    for (const one of messages.slice(0, -KEPT)) this.ids.delete(one.client_message_id)
    this.older.value = true
    return messages.slice(-KEPT)
  }

  /** Keeps what is newer than what is here, and draws anew what quotes it. */
  private redraw(changed: Message[]) {
    let messages: Message[] | undefined
    for (const message of changed) {
      const at = this.placeOf(message.number)
      const had = this.messages.value[at]
      if (!had || !isNewer(message, had)) continue
      messages ??= [...this.messages.value]
      messages[at] = message
      if (message.recalled || message.edited_at > 0) requote(messages, message)
    }
    if (messages) this.messages.value = messages
  }

  private placeOf(number: number): number {
    const messages = this.messages.value
    let [low, high] = [0, messages.length - 1]
    while (low <= high) {
      const middle = (low + high) >> 1
      const found = messages[middle]?.number ?? 0
      if (found === number) return middle
      if (found < number) low = middle + 1
      else high = middle - 1
    }
    return -1
  }
}

function byNumber(one: Message, other: Message): number {
  return one.number - other.number
}

function isNewer(message: Message, had: Message): boolean {
  return message.version > had.version || message.revision > had.revision
}

/** A quote is of the message as it is now. */
function requote(messages: Message[], quoted: Message) {
  const excerpt = quoted.recalled ? '' : [...quoted.text].slice(0, 200).join('')
  messages.forEach((one, at) => {
    if (one.quote?.number === quoted.number) messages[at] = { ...one, quote: { ...one.quote, excerpt } }
  })
}
