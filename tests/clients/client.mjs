// A customer's client, written from docs/protocol.md: node client.mjs HOST:PORT FILE.
//
// Opens an account, finds the shop's id in FILE, opens the conversation and chats, dropping its line in the middle and
// coming back with `resume`.

import { createRequire } from 'node:module'
import { existsSync, readFileSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'

const WebSocket = createRequire(import.meta.url)('ws')
const [node, file] = process.argv.slice(2)
const rounds = 50
setTimeout(() => { console.error('too slow'); process.exit(1) }, 120_000).unref()

const rest = async (method, path, body) => {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() }
  const answer = await fetch(`http://${node}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) })
  const told = await answer.json()
  if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(told)}`)
  return told
}

const register = async (email) => {
  const { request_id } = await rest('POST', '/codes', { account: 'customer', email, purpose: 'register' })
  const sent = await rest('GET', `/dev/outbox?email=${encodeURIComponent(email)}`)
  const [code] = sent.messages[0].text.match(/\d{6}/)
  return rest('POST', '/registrations/customer', {
    email, proof: { request_id, code }, name: 'Ann', device_id: 'javascript-client', device_kind: 'script',
  })
}

const check = (name, so) => {
  console.log(so ? 'ok' : 'not ok', 'javascript:', name)
  if (!so) process.exit(1)
}

const until = async (so) => {
  while (!so()) await new Promise((done) => setTimeout(done, 10))
}

// The one conversation, by the rules of the page: dense numbers, whatever way they came.
const log = { messages: [], early: new Map() }
const take = (message) => {
  if (message.number > log.messages.length) log.early.set(message.number, message)
  for (let next; (next = log.early.get(log.messages.length + 1));) log.messages.push(next)
  for (const number of log.early.keys()) if (number <= log.messages.length) log.early.delete(number)
}

// A socket: requests get their replies by id.
class Line {
  last = 0
  waiting = new Map()

  async open(token) {
    this.socket = new WebSocket(`ws://${node}/socket`, 'souk.v1.json')
    this.socket.on('message', (text) => this.hear(JSON.parse(text)))
    await new Promise((done, broken) => this.socket.once('open', done).once('error', broken))
    return (await this.ask('authenticate', { token })).authenticated
  }

  hear({ reply, push }) {
    if (reply) this.waiting.get(reply.id)(reply)
    else if (push.message_posted) take(push.message_posted.message)
  }

  ask(request, fields) {
    const id = ++this.last
    this.socket.send(JSON.stringify({ id, [request]: fields }))
    return new Promise((done) => this.waiting.set(id, done))
  }

  async drop() {
    const closed = new Promise((done) => this.socket.once('close', done))
    this.socket.terminate()
    await closed
  }
}

const { access_token: token } = await register('ann@example.com')
let line = new Line()
const welcome = await line.open(token)
check('is a customer', welcome.user.kind === 'customer' && welcome.posts.length === 0)
await until(() => existsSync(file))
const { conversation } = await line.ask('open_conversation', { shop_id: readFileSync(file, 'utf8'), source: 'qr' })
check('the conversation has the name of the shop', conversation.title === 'Tea house')

const say = async (number) => {
  const frame = { conversation_id: conversation.id, client_message_id: `javascript-${number}`, text: `javascript ${number}` }
  return (await line.ask('send_message', frame)).message_accepted
}

for (let number = 0; number < 20; number++) await say(number)
const cursor = () => ({ conversation_id: conversation.id, number: log.messages.length, revision: 0 })
const resume = async () => {
  for (let more = true; more;) {
    const { resumed } = await line.ask('resume', { cursors: [cursor()], limit: 7 })
    resumed.conversations[0].messages.forEach(take)
    more = resumed.more
  }
}
await line.drop()
line = new Line()
await line.open(token)
await resume()
// All at once: one socket's words keep their order.
await Promise.all(Array.from({ length: rounds - 20 }, (_, number) => say(number + 20)))
while (log.messages.length < 1 + 2 * rounds) {
  const shown = log.messages.length
  await until(() => log.early.size > 0 || log.messages.length > shown)
  if (log.early.size > 0) await resume()
}

check('numbers are dense', log.messages.every((message, place) => message.number === place + 1))
for (const who of ['python', 'javascript']) {
  const said = log.messages.map((message) => message.text).filter((text) => text.startsWith(who))
  check(`${who} is heard once each, in order`, isDeepStrictEqual(said, Array.from({ length: rounds }, (_, number) => `${who} ${number}`)))
}
const { refused } = await line.ask('send_message', { conversation_id: conversation.id, client_message_id: 'javascript-0', text: 'other words' })
check('an id is not used twice', refused.code === 'client_message_id_reused')
line.socket.close()
process.exit(0)
