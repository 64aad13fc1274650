import { shallowReactive } from 'vue'
import type { MessageAccepted, SendMessage } from '../contract/conversation'
import { Refused } from '../refused'
import { LineLost, type Socket } from '../socket'
import { stored } from '../stored'
import { uuid } from '../uuid'

/** `sending`: the server has not yet said that it has it. `sent`: committed, under `number`. `failed`: refused, for `code`. */
export type SendState = 'sending' | 'sent' | 'failed'

/** Something said, on its way. */
export interface QueuedSend {
  request: SendMessage
  state: SendState
  /** When it was said, by this device's clock. */
  said_at: number
  number?: number
  sent_at?: number
  /** Why it failed: the refusal's word, and the server's sentence. */
  code?: string
  sentence?: string
}

/** What somebody says; everything else of a message is the server's to fill in. */
export type Said = Pick<SendMessage, 'conversation_id' | 'text'> & Partial<Pick<SendMessage, 'quote' | 'picture' | 'mentions'>>

/** Sends what is said, in order, once, however often the line breaks or the page is loaded anew: each has an id of its own,
 * by which the server knows it again. */
export class SendQueue {
  /** In the order in which they were said, by client message id. */
  readonly sends = shallowReactive(new Map<string, QueuedSend>())
  private readonly busy = new Set<string>()

  constructor(
    private readonly socket: Socket,
    private readonly shelf: Storage,
    private readonly prefix: string,
    /** Is it in the conversation's log already? Then nothing more is heard of it. */
    private readonly isHeard: (send: QueuedSend) => boolean,
    private readonly later: (then: () => void, ms: number) => void = setTimeout,
  ) {
    this.restore()
  }

  /** Takes it on: from here on it is not lost. Gives its client message id. */
  say(said: Said): string {
    const client_message_id = uuid()
    const request: SendMessage = { mentions: [], mention_everybody: false, ...said, client_message_id }
    this.keep({ request, state: 'sending', said_at: Date.now() })
    void this.flush(said.conversation_id)
    return client_message_id
  }

  /** Tries again what failed. */
  retry(id: string) {
    const send = this.sends.get(id)
    if (send?.state !== 'failed') return
    this.keep({ request: send.request, state: 'sending', said_at: send.said_at })
    void this.flush(send.request.conversation_id)
  }

  /** Forgets it: it failed and is not wanted any more, or it is in the log. */
  forget(id: string) {
    this.sends.delete(id)
    this.shelf.removeItem(this.prefix + id)
  }

  /** The line is live: what waits goes out. */
  resume() {
    const conversations = new Set([...this.sends.values()].map((one) => one.request.conversation_id))
    for (const conversation of conversations) void this.flush(conversation)
  }

  /** One after the other, so that what was said first is numbered first. */
  private async flush(conversation: string) {
    if (!this.isLive || this.busy.has(conversation)) return
    this.busy.add(conversation)
    try {
      for (let next = this.next(conversation); next && this.isLive; next = this.next(conversation)) await this.send(next)
    } catch (error) {
      this.wait(error, conversation)
    } finally {
      this.busy.delete(conversation)
    }
  }

  private get isLive(): boolean {
    return this.socket.state.value === 'live'
  }

  private next(conversation: string): QueuedSend | undefined {
    const waits = (one: QueuedSend) => one.state === 'sending' && one.request.conversation_id === conversation
    return [...this.sends.values()].find(waits)
  }

  /** Throws what a repetition will mend. */
  private async send(send: QueuedSend) {
    try {
      this.accepted(send, await this.socket.ask('send_message', send.request))
    } catch (error) {
      if (!(error instanceof Refused) || error.passes) throw error
      this.keep({ ...send, state: 'failed', code: error.code, sentence: error.sentence })
    }
  }

  private accepted(send: QueuedSend, { number, sent_at }: MessageAccepted) {
    const id = send.request.client_message_id
    const sent = { ...send, state: 'sent', number, sent_at } as const
    // The message itself may have been pushed before this answer; or another page has sent it, before this one knew the conversation.
    if (!this.sends.has(id) || this.isHeard(sent)) return this.forget(id)
    this.sends.set(id, sent)
    this.shelf.removeItem(this.prefix + id)
  }

  private wait(error: unknown, conversation: string) {
    if (error instanceof Refused) this.later(() => void this.flush(conversation), Math.max(500, error.retryAfter))
    else if (!(error instanceof LineLost)) throw error
  }

  private keep(send: QueuedSend) {
    const id = send.request.client_message_id
    this.sends.set(id, send)
    this.shelf.setItem(this.prefix + id, JSON.stringify(send))
  }

  /** What an earlier page has left, or another one has under way: sending it twice does no harm. */
  private restore() {
    const keys = Array.from({ length: this.shelf.length }, (_, at) => this.shelf.key(at) ?? '')
    const kept = keys.filter((key) => key.startsWith(this.prefix)).map((key) => stored<QueuedSend>(key, this.shelf))
    const sends = kept.filter((one): one is QueuedSend => !!one?.request).sort((one, other) => one.said_at - other.said_at)
    for (const send of sends) this.sends.set(send.request.client_message_id, send)
  }
}
