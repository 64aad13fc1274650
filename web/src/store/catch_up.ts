import type { Socket } from '../socket'
import type { Chat } from './chat'

/** The most that one page may ask for. */
const MOST = 500

/** Asks for what was missed, in pages that a bad line can carry (docs/protocol.md, part 5). */
export class CatchUp {
  private limit = MOST
  private turn = 0

  constructor(
    private readonly socket: Socket,
    /** This person is no longer in it. */
    private readonly left: (chat: Chat) => void,
  ) {}

  /** Catches up on all of them, those that have waited longest first. Throws `LineLost`; the next line goes on from there. */
  async run(chats: Iterable<Chat>): Promise<void> {
    let waiting = [...chats].sort((one, other) => one.caughtUpAt - other.caughtUpAt)
    for (const chat of waiting) chat.hold()
    while (waiting.length > 0) {
      const batch = waiting.slice(0, this.limit)
      const unfinished = await this.page(batch)
      const gaps = batch.filter((chat) => !unfinished.has(chat) && chat.caughtUp(++this.turn) === 'gap')
      for (const chat of gaps) chat.hold()
      waiting = [...unfinished, ...gaps, ...waiting.slice(batch.length)]
    }
  }

  /** One page; gives those that have more. */
  private async page(batch: Chat[]): Promise<Set<Chat>> {
    const limit = this.limit
    // If the line breaks before it is through, the next one is smaller.
    this.limit = Math.max(1, limit >> 2)
    const resumed = await this.socket.ask('resume', { cursors: batch.map((chat) => chat.log.cursor), limit })
    this.limit = Math.min(MOST, limit * 2)
    const more = new Set<Chat>()
    for (const missed of resumed.conversations) {
      const chat = batch.find((one) => one.id === missed.conversation_id)
      chat?.catchUp(missed)
      if (chat && missed.left) this.left(chat)
      if (chat && missed.more) more.add(chat)
    }
    return more
  }
}
