import { shallowRef } from 'vue'
import { Backoff } from './backoff'
import type { Authenticated } from './contract/account'
import type { Conversation, ConversationPage, MessageAccepted, MessagePage, Resumed } from './contract/conversation'
import type { Coupon } from './contract/coupon'
import { ClientFrame, type Done, type Pong, type Push, type Reply, ServerFrame } from './contract/frame'
import type { MemberPage } from './contract/group'
import type { DrawReceipt } from './contract/lottery'
import type { PresenceList } from './contract/presence'
import { Refused, wordOf } from './refused'

type Request = NonNullable<ClientFrame['request']>
/** What a request is called. */
export type RequestName = Extract<Request['$case'], keyof Answers>
/** What belongs to a request of this name. */
export type RequestOf<N extends RequestName> = Extract<Request, { $case: N }>['value']
/** Something that happened. */
export type PushEvent = NonNullable<Push['event']>

/** Each request with its answer, as `proto/frame.proto` pairs them. */
export interface Answers {
  authenticate: Authenticated
  resume: Resumed
  ping: Pong
  send_message: MessageAccepted
  edit_message: Done
  recall_message: Done
  react: Done
  mark_read: Done
  type: Done
  list_messages: MessagePage
  list_conversations: ConversationPage
  open_conversation: Conversation
  watch_presence: PresenceList
  list_members: MemberPage
  claim_coupon: Coupon
  enter_draw: DrawReceipt
}

/** `connecting`: no line yet, or catching up. `live`: all is shown as it happens. `waiting`: broken, coming back by itself.
 * `over`: somebody must log in again, or load the page anew. */
export type LineState = 'connecting' | 'live' | 'waiting' | 'over'

/** The line broke before the answer: it may or may not have happened. */
export class LineLost extends Error {}

/** Who a socket speaks for, and what it meets; tests bring their own. */
export interface Door {
  url: string
  /** A one-time ticket. Refused when the session is over. */
  ticket(): Promise<string>
  /** Runs on every new line, before it counts as live: catch up here. */
  opened(welcome: Authenticated): Promise<void>
  pushed(event: PushEvent): void
  connect?: (url: string, protocol: string) => WebSocket
  chance?: () => number
}

interface Waiting {
  done(answer: Reply['answer']): void
  lost(why: LineLost): void
}

/** Beyond that the server is gone: it sends a heartbeat every 20 seconds. */
const SILENCE = 35_000
/** When everybody comes back at once, `authenticate` is answered in turn. */
const PATIENCE = 20_000

/** The line to the server: frames in order, requests with their answers, and a new line whenever one breaks. */
export class Socket {
  readonly state = shallowRef<LineState>('connecting')
  /** Why it is over: a refusal's word, or a close code. */
  readonly why = shallowRef('')
  private line: WebSocket | undefined
  private readonly backoff: Backoff
  private readonly waiting = new Map<number, Waiting>()
  private lastId = 0
  private stopped = false
  private wake = () => {}
  private closed: (code: number) => void = () => {}
  private silence: ReturnType<typeof setTimeout> | undefined
  /** What the server asked for in its `goodbye`. */
  private retryAfter = 0

  constructor(private readonly door: Door) {
    this.backoff = new Backoff(door.chance)
  }

  /** Opens lines, one after the other, until it is over. */
  async run(): Promise<void> {
    while (!this.stopped) {
      const code = await this.oneLine()
      if (this.stopped || this.ends(code)) return
      this.state.value = 'waiting'
      await this.pause(code >= 4200 ? this.retryAfter : this.backoff.next())
    }
  }

  /** Whoever waits for a new line waits no longer: the network is back, somebody looks at the page. */
  hurry() {
    this.wake()
  }

  /** Closes the line for good. */
  stop() {
    this.stopped = true
    this.line?.close(1000)
    this.wake()
  }

  /** Asks, and gives the answer. Throws `Refused`, or `LineLost` when the line breaks first. */
  async ask<N extends RequestName>(name: N, value: RequestOf<N>): Promise<Answers[N]> {
    const line = this.line
    if (line?.readyState !== 1) throw new LineLost('there is no line')
    const id = ++this.lastId
    const answer = new Promise<Reply['answer']>((done, lost) => this.waiting.set(id, { done, lost }))
    line.send(ClientFrame.encode({ id, request: { $case: name, value } as Request }).finish())
    const got = await answer
    if (got?.$case === 'refused') {
      throw new Refused(wordOf(got.value.code), got.value.sentence, got.value.retry_after_ms)
    }
    return got?.value as Answers[N]
  }

  /** One line from its opening to its end; gives the close code. */
  private async oneLine(): Promise<number> {
    try {
      const ticket = await this.door.ticket()
      if (!this.stopped) return await this.connect(ticket)
    } catch (error) {
      this.judge(error)
    }
    return 1006
  }

  private connect(ticket: string): Promise<number> {
    const connect = this.door.connect ?? ((url, protocol) => new WebSocket(url, protocol))
    const line = connect(this.door.url, 'souk.v1.protobuf')
    line.binaryType = 'arraybuffer'
    this.line = line
    this.retryAfter = 0
    return new Promise((closed) => {
      this.closed = (code) => {
        this.hangUp()
        closed(code)
      }
      line.onopen = () => void this.begin(line, ticket)
      line.onmessage = (message: MessageEvent<ArrayBuffer>) => this.hear(new Uint8Array(message.data))
      line.onclose = (event) => this.closed(event.code)
      this.listen(PATIENCE)
    })
  }

  /** Says who is there and catches up. A line on which that fails is given up; the next one tries again. */
  private async begin(line: WebSocket, ticket: string) {
    try {
      const welcome = await this.ask('authenticate', { token: '', ticket })
      await this.door.opened(welcome)
      this.backoff.held()
      this.state.value = 'live'
    } catch (error) {
      this.judge(error)
      line.close()
    }
  }

  /** A new line does not mend everything. */
  private judge(error: unknown) {
    if (error instanceof Refused && ended.has(error.code)) this.end(error.code)
  }

  private hear(bytes: Uint8Array) {
    this.listen(SILENCE)
    const { kind } = ServerFrame.decode(bytes)
    if (kind?.$case === 'reply') {
      this.waiting.get(kind.value.id)?.done(kind.value.answer)
      this.waiting.delete(kind.value.id)
    } else if (kind?.value.event) {
      if (kind.value.event.$case === 'goodbye') this.retryAfter = kind.value.event.value.retry_after_ms
      this.door.pushed(kind.value.event)
    }
  }

  /** Gives up a line on which nothing is heard for so long. A dead network tells of no close for minutes: nobody waits for it. */
  private listen(most: number) {
    clearTimeout(this.silence)
    this.silence = setTimeout(() => this.closed(4000), most)
  }

  private hangUp() {
    clearTimeout(this.silence)
    const line = this.line
    this.line = undefined
    if (line) line.onclose = line.onmessage = line.onopen = null
    line?.close()
    for (const one of this.waiting.values()) one.lost(new LineLost('the line broke'))
    this.waiting.clear()
  }

  /** Codes from 4100 to 4199 say that something must change first. A ticket is fetched anew for each line, so 4101 is none of them. */
  private ends(code: number): boolean {
    if (code > 4101 && code < 4200) this.end(String(code))
    return this.state.value === 'over'
  }

  private end(why: string) {
    this.why.value = why
    this.state.value = 'over'
  }

  private pause(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, ms)
      this.wake = () => {
        clearTimeout(timer)
        done()
      }
    })
  }
}

/** What a new line does not mend. */
const ended = new Set(['session_revoked', 'wrong_credentials', 'not_authenticated'])
