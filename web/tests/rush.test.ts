import type { CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Chats } from '../src/store/chats'
import { Browsers } from './support/browser'
import { customer, merchant, type Person } from './support/people'
import { TestServer, until } from './support/server'

/** Messages a second that an open conversation takes without somebody noticing. */
const RATE = 50
/** Fewer for a quick look: SOUK_RUSH=4000. */
const MESSAGES = Number(process.env.SOUK_RUSH ?? 10_000)
let server: TestServer
let browsers: Browsers
let shop: { person: Person; shop: string }
let line: Chats
let chat = ''
let desk: Page
let debug: CDPSession

beforeAll(async () => {
  server = await TestServer.start()
  shop = await merchant(server, 'Olga')
  const ann = await customer(server, 'Ann')
  line = ann.page()
  await until(() => line.socket.state.value === 'live', 'the line is live')
  chat = (await line.open(shop.shop)).id
  browsers = await Browsers.of(server)
  desk = await browsers.openAs(shop.person, `/desk#${chat}`, { viewport: { width: 1280, height: 800 }, locale: 'en' })
  await desk.getByRole('log').waitFor()
  debug = await desk.context().newCDPSession(desk)
})
afterAll(async () => {
  line?.socket.stop()
  await browsers?.close()
  await server?.stop()
})

let said = 0
/** One message, not through the queue: that sends one at a time, as a person does. */
async function say() {
  said += 1
  const text = `${said}: is the floral dress there in M, and what does it cost to send it?`
  const request = { conversation_id: chat, client_message_id: `rush-${said}`, text, mentions: [], mention_everybody: false }
  await line.socket.ask('send_message', request)
}

/** So many messages a second for so long. */
async function atRate(seconds: number) {
  for (let tick = 0; tick < seconds * 10; tick += 1) {
    const next = new Promise((done) => setTimeout(done, 100))
    await Promise.all(Array.from({ length: RATE / 10 }, say))
    await next
  }
}

async function upTo(number: number) {
  while (said < number) {
    await Promise.all(Array.from({ length: 50 }, say))
  }
  await desk.getByRole('log').getByText(`${said}: is the`, { exact: false }).waitFor({ timeout: 60_000 })
}

/** Bytes that are still needed after everything else was collected. */
async function heap(): Promise<number> {
  await debug.send('HeapProfiler.enable')
  await debug.send('HeapProfiler.collectGarbage')
  const { usedSize } = await debug.send('Runtime.getHeapUsage')
  return usedSize
}

interface Traced {
  name: string
  pid: number
  tid: number
  /** Microseconds of the processor. */
  tdur?: number
  args?: { name?: string }
}

/** Milliseconds of work in each task of pages' main threads, without what they waited for a processor: a busy machine makes tasks longer
 * by the clock, and no more work. */
async function tasksDuring(work: () => Promise<void>): Promise<number[]> {
  const events: Traced[] = []
  debug.on('Tracing.dataCollected', ({ value }) => void events.push(...(value as unknown as Traced[])))
  await debug.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel', 'disabled-by-default-devtools.timeline'] } })
  await work()
  const ended = new Promise((done) => debug.once('Tracing.tracingComplete', done))
  await debug.send('Tracing.end')
  await ended
  const mains = new Set(events.filter(({ args }) => args?.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`))
  const tasks = events.filter(({ name, pid, tid }) => name.endsWith('RunTask') && mains.has(`${pid} ${tid}`))
  return tasks.map(({ tdur = 0 }) => tdur / 1_000).sort((one, other) => other - one)
}

test('fifty messages a second keep nobody waiting at the desk', { timeout: 120_000 }, async () => {
  const tasks = await tasksDuring(() => atRate(10))
  await upTo(said)
  console.log(`${tasks.length} tasks, the longest ${tasks.slice(0, 5).map((ms) => ms.toFixed(1)).join(', ')} ms`)
  expect(tasks.length).toBeGreaterThan(100)
  expect(tasks[0]).toBeLessThan(200)
})

test('a conversation that goes on and on fills no memory', { timeout: 300_000 }, async () => {
  await upTo(1_000)
  const sizes = [await heap()]
  for (const part of [0.25, 0.5, 0.75, 1]) {
    await upTo(MESSAGES * part)
    sizes.push(await heap())
  }
  console.log(`heap in MB: ${sizes.map((size) => (size / 1e6).toFixed(1)).join(', ')}`)
  const [, , half = 0, , end = 0] = sizes
  expect(end).toBeLessThan(half * 1.2)
  // What was let go is still to be read.
  await desk.locator('.scroller').evaluate((scroller) => scroller.scrollTo({ top: 0 }))
  await until(async () => (await desk.locator('[data-number]').first().getAttribute('data-number')) !== null, 'rows')
  expect(await desk.locator('[data-number]').count()).toBeLessThanOrEqual(160)
  expect(browsers.troubles).toEqual([])
})
