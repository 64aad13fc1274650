import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Message } from '../src/contract/conversation'
import { ServerFrame } from '../src/contract/frame'
import { told } from '../src/rest'
import type { Chat } from '../src/store/chat'
import type { Chats } from '../src/store/chats'
import { customer, merchant, nodeSocket, type Person } from './support/people'
import { TestServer, until } from './support/server'
import { Wire } from './support/wire'

let server: TestServer
let bob: Awaited<ReturnType<typeof merchant>>
let wire: Wire
const pages: Chats[] = []

beforeAll(async () => {
  server = await TestServer.start()
  bob = await merchant(server, 'Bob')
  wire = await Wire.to(server.url)
})
afterEach(() => {
  wire.down = false
  wire.carries = Infinity
  for (const page of pages.splice(0)) page.socket.stop()
})
afterAll(async () => {
  wire.stop()
  await server.stop()
})

/** Opens somebody's page on the line that can be cut, or on a sound one. */
async function open(person: Person, ...way: Parameters<Person['page']>): Promise<Chats> {
  const page = person.page(...way)
  pages.push(page)
  await until(() => page.socket.state.value === 'live', 'the line is live')
  return page
}

/** A customer of their own for this test, in conversation with Bob. */
async function talk() {
  const carol = await customer(server, 'Carol')
  const theirs = await open(carol, wire.socket)
  const chat = await theirs.open(bob.shop)
  const shop = await open(bob.person)
  await until(() => shop.all.has(chat.id), 'the shop hears of it')
  return { carol, theirs, chat, shop, shopChat: shop.all.get(chat.id) as Chat }
}

/** What the server has, asked for by REST. */
async function kept(person: Person, chat: Chat): Promise<Message[]> {
  const path = { conversation_id: chat.id }
  const query = { after: 0, limit: 200 }
  const page = await told(person.session.rest.GET('/api/v1/conversations/{conversation_id}/messages', { params: { path, query } }))
  return (page as unknown as { messages: Message[] }).messages
}

const words = (messages: Message[]) => messages.filter((one) => one.sender).map((one) => one.text)
const say = (page: Chats, chat: Chat, text: string) => page.say({ conversation_id: chat.id, text })
const settled = (page: Chats, chat: Chat) => page.underWay(chat).length === 0

test('what is said while the line is cut again and again arrives once, in order, on both sides', async () => {
  const { carol, theirs, chat, shop, shopChat } = await talk()
  const said: string[] = []
  const answered: string[] = []
  for (let round = 0; round < 40; round += 1) {
    said.push(`question ${round}`)
    say(theirs, chat, `question ${round}`)
    answered.push(`answer ${round}`)
    say(shop, shopChat, `answer ${round}`)
    if (round % 4 === 3) {
      // Cut in the midst of it: after some of what is under way has arrived, and some has not.
      await until(() => chat.log.cursor.number > round, 'some of it arrives')
      wire.cut()
      theirs.socket.hurry()
    }
  }
  await until(() => settled(theirs, chat) && settled(shop, shopChat), 'all of it is said')
  await until(() => chat.log.cursor.number === 81 && shopChat.log.cursor.number === 81, 'all of it is heard')
  const all = words(await kept(carol, chat))
  expect(all.filter((text) => text.startsWith('question'))).toEqual(said)
  expect(all.filter((text) => text.startsWith('answer'))).toEqual(answered)
  expect(words(chat.log.messages.value)).toEqual(all)
  expect(words(shopChat.log.messages.value)).toEqual(all)
  expect(wire.opened).toBeGreaterThan(5)
})

test('what the queue holds survives a reload, and is said once', async () => {
  const { carol, theirs, chat, shopChat } = await talk()
  wire.down = true
  wire.cut()
  for (const text of ['one', 'two', 'three']) say(theirs, chat, text)
  expect(theirs.underWay(chat).map((one) => one.state)).toEqual(['sending', 'sending', 'sending'])
  theirs.socket.stop()
  wire.down = false
  // The page is loaded anew, twice at once: two tabs send the same.
  const tabs = await Promise.all([open(carol, wire.socket), open(carol, wire.socket)])
  for (const tab of tabs) await until(() => settled(tab, tab.all.get(chat.id) as Chat), 'it is said')
  await until(() => shopChat.log.cursor.number === 4, 'the shop hears it')
  expect(words(await kept(carol, chat))).toEqual(['one', 'two', 'three'])
  expect(Array.from({ length: carol.shelf.length }, (_, at) => carol.shelf.key(at)).filter((key) => key?.startsWith('souk.send'))).toEqual([])
})

test('what another page has said is not under way here, though this page first hears of it from its own answer', async () => {
  const { carol, theirs, chat } = await talk()
  const far = await Wire.to(server.url)
  far.down = true
  wire.down = true
  wire.cut()
  for (const text of ['one', 'two']) say(theirs, chat, text)
  theirs.socket.stop()
  // Two tabs keep the same; one of them says all of it before the other one has a line.
  const late = carol.page(far.socket)
  pages.push(late)
  const early = await open(carol)
  await until(() => early.queue.sends.size === 0, 'it is said')
  expect([...late.queue.sends.values()].map((one) => one.state)).toEqual(['sending', 'sending'])
  far.down = false
  await until(() => {
    late.socket.hurry()
    return late.queue.sends.size === 0
  }, 'the other tab knows that it is said')
  expect(settled(late, late.all.get(chat.id) as Chat)).toBe(true)
  expect(words(await kept(carol, chat))).toEqual(['one', 'two'])
  far.stop()
})

test('what a line loses is asked for', async () => {
  const { carol, chat, shop, shopChat } = await talk()
  let lost = 0
  /** Every third push of a message never comes. */
  const leaky = (url: string, protocol: string) => {
    const line = nodeSocket(url, protocol)
    let pushes = 0
    return new Proxy(line, {
      get: (line, name) => {
        const value: unknown = Reflect.get(line, name)
        return typeof value === 'function' ? value.bind(line) : value
      },
      set: (line, name, value) => {
        if (name !== 'onmessage' || !value) return Reflect.set(line, name, value)
        line.onmessage = (message: MessageEvent<ArrayBuffer>) => {
          const { kind } = ServerFrame.decode(new Uint8Array(message.data))
          const isPost = kind?.$case === 'push' && kind.value.event?.$case === 'message_posted'
          if (isPost && ++pushes % 3 === 0) lost += 1
          else value(message)
        }
        return true
      },
    })
  }
  const page = await open(carol, server.socket, leaky)
  const heard = page.all.get(chat.id) as Chat
  for (let round = 0; round < 20; round += 1) say(shop, shopChat, `news ${round}`)
  await until(() => heard.log.cursor.number === 21, 'all of it is heard')
  expect(lost).toBeGreaterThan(3)
  const numbers = heard.log.messages.value.map((one) => one.number)
  expect(numbers).toEqual(Array.from({ length: 20 }, (_, at) => at + 2))
})

test('a line that breaks after a few thousand bytes still catches up', async () => {
  const { theirs, chat, shop, shopChat } = await talk()
  wire.down = true
  wire.cut()
  for (let round = 0; round < 60; round += 1) say(shop, shopChat, `${round} ${'long '.repeat(20)}`)
  await until(() => settled(shop, shopChat), 'it is said')
  const before = wire.opened
  wire.carries = 3_000
  wire.down = false
  await until(() => {
    theirs.socket.hurry()
    return chat.log.cursor.number === 61
  }, 'it is heard')
  expect(wire.opened - before).toBeGreaterThan(2)
  expect(words(chat.log.messages.value)).toEqual(words(shopChat.log.messages.value))
})

test('a refused send says why, stays until it is forgotten, and is never lost silently', async () => {
  const { carol, theirs, chat } = await talk()
  const id = theirs.queue.say({ conversation_id: chat.id, text: 'x'.repeat(8_001) })
  await until(() => theirs.queue.sends.get(id)?.state === 'failed', 'it is refused')
  expect(theirs.queue.sends.get(id)?.code).toBe('invalid_argument')
  const again = await open(carol, server.socket)
  expect(again.queue.sends.get(id)?.state).toBe('failed')
  again.queue.retry(id)
  await until(() => again.queue.sends.get(id)?.state === 'failed', 'it is refused again')
  again.queue.forget(id)
  expect(settled(again, again.all.get(chat.id) as Chat)).toBe(true)
  expect(words(await kept(carol, chat))).toEqual([])
})

test('what changed while nobody listened is shown as it is now', async () => {
  const { theirs, chat, shop, shopChat } = await talk()
  say(shop, shopChat, 'the wrong price: 159')
  await until(() => chat.log.cursor.number === 2, 'it is heard')
  theirs.say({ conversation_id: chat.id, text: 'so much?', quote: 2 })
  await until(() => chat.log.cursor.number === 3, 'it is answered')
  expect(chat.log.find(3)?.quote?.excerpt).toBe('the wrong price: 159')
  wire.down = true
  wire.cut()
  await shop.socket.ask('recall_message', { conversation_id: chat.id, number: 2 })
  wire.down = false
  theirs.socket.hurry()
  await until(() => chat.log.find(2)?.recalled === true, 'the recall is shown')
  expect(chat.log.find(2)?.text).toBe('')
  expect(chat.log.find(3)?.quote?.excerpt).toBe('')
})

test('history comes by pages, up to the first message', async () => {
  const { carol, theirs, chat, shop, shopChat } = await talk()
  for (let round = 0; round < 70; round += 1) say(shop, shopChat, `line ${round}`)
  await until(() => chat.log.cursor.number === 71, 'it is heard')
  theirs.socket.stop()
  const page = await open(carol)
  const later = page.all.get(chat.id) as Chat
  expect(later.unread.value).toBe(71)
  await page.loadOlder(later)
  expect([later.log.messages.value.length, later.log.older.value]).toEqual([50, true])
  await page.loadOlder(later)
  expect([later.log.messages.value.length, later.log.older.value]).toEqual([71, false])
  expect(later.log.messages.value.map((one) => one.number)).toEqual(Array.from({ length: 71 }, (_, at) => at + 1))
  await page.markRead(later)
  expect(later.unread.value).toBe(0)
  await until(() => shopChat.readByOthers.value === 71, 'the shop sees that it was read')
})

test('a session that ends on another device ends here, and nowhere knocks again', async () => {
  const dora = await customer(server, 'Dora')
  const page = await open(dora, wire.socket)
  await dora.session.rest.DELETE('/api/v1/sessions/current')
  await until(() => page.socket.state.value === 'over', 'it is over')
  const opened = wire.opened
  page.socket.hurry()
  expect(wire.opened).toBe(opened)
})
