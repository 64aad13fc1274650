import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { told } from '../src/rest'
import { Browsers } from './support/browser'
import { Ground } from './support/ground'
import { customer, merchant, type Person } from './support/people'
import { TestServer, until } from './support/server'
import { Wire } from './support/wire'

const EACH = 30
/** How much the customer has said when her node is killed. */
const MIDWAY = 12
/** How much when she gets through to the other one. */
const THROUGH = 20
const said = (who: string) => Array.from({ length: EACH }, (_, at) => `${who} ${at + 1}`)

/** A node, a browser, and the address between them: it outlives the node, and leads to the other one then. */
interface Side {
  node: TestServer
  wire: Wire
  browsers: Browsers
}

let ground: Ground
let hers: Side
let desks: Side
let shop: { person: Person; shop: string }
let ann: Person

beforeAll(async () => {
  ground = await Ground.lay()
  const wires = [await Wire.to(), await Wire.to()] as const
  const flags = [...ground.flags, '--set', `limits.origins=${wires.map(({ url }) => url).join()}`]
  const side = async (wire: Wire): Promise<Side> => ({ wire, node: await TestServer.start(...flags), browsers: await Browsers.of(wire) })
  // The second finds the database as the first has made it.
  hers = await side(wires[0])
  desks = await side(wires[1])
  hers.wire.lead(hers.node.url, desks.node.url)
  desks.wire.lead(desks.node.url, hers.node.url)
  shop = await merchant(desks.node, 'Olga')
  ann = await customer(desks.node, 'Ann')
}, 120_000)
afterAll(async () => {
  for (const one of [hers, desks]) {
    await one?.browsers.close()
    one?.wire.stop()
    await one?.node.stop()
  }
  await ground?.clear()
}, 120_000)

const underWay = (page: Page) => page.getByRole('log').locator('[data-state]')

async function say(page: Page, text: string) {
  await page.getByRole('textbox', { name: 'Write a message' }).fill(text)
  await page.keyboard.press('Enter')
}

/** What is in the log, from the first on, by the node that lives. */
async function history(conversation_id: string): Promise<string[]> {
  const params = { path: { conversation_id }, query: { after: 0, limit: 200 } }
  const { messages = [] } = await told(shop.person.session.rest.GET('/api/v1/conversations/{conversation_id}/messages', { params }))
  return messages.map(({ text = '' }) => text).filter((text) => text !== '')
}

/** What is on a screen, from top to bottom. */
function screen(page: Page): Promise<string[]> {
  return page.getByRole('log').locator('li .words').allTextContents()
}

const isSettled = (page: Page) => until(async () => (await underWay(page).count()) === 0, 'nothing is under way, or has failed')

/** Her node dies when it has written down what she said, and before she hears of that. */
async function sayToTheDying(page: Page, text: string, conversation: string) {
  await isSettled(page)
  hers.wire.deaf = true
  await say(page, text)
  await until(async () => (await history(conversation)).includes(text), 'it is in the log')
  expect(await underWay(page).count()).toBe(1)
  hers.wire.down = true
  await hers.node.kill()
  hers.wire.deaf = false
}

test('two browsers talk over two nodes, one of these is killed, and each message is there once, in one order', { timeout: 180_000 }, async () => {
  const phone = await hers.browsers.openAs(ann, `/?shop=${shop.shop}`, { viewport: { width: 360, height: 740 }, locale: 'en' })
  await phone.getByRole('log').waitFor()
  const conversation = new URL(phone.url()).hash.slice(1)
  const desk = await desks.browsers.openAs(shop.person, `/desk#${conversation}`, { viewport: { width: 1280, height: 800 }, locale: 'en' })
  await desk.getByRole('log').waitFor()

  const talks = async () => {
    const words = said('Ann')
    for (const text of words.slice(0, MIDWAY)) await say(phone, text)
    await sayToTheDying(phone, words[MIDWAY] ?? '', conversation)
    for (const text of words.slice(MIDWAY + 1, THROUGH)) await say(phone, text)
    hers.wire.down = false
    // By themselves: nobody says anything more that would take them along.
    await isSettled(phone)
    for (const text of words.slice(THROUGH)) await say(phone, text)
  }
  const answers = async () => {
    for (const text of said('Olga')) await say(desk, text)
  }
  await Promise.all([talks(), answers()])

  await until(async () => (await history(conversation)).length >= 2 * EACH, 'all of it is in the log')
  for (const page of [phone, desk]) await isSettled(page)
  const log = await history(conversation)
  expect(log.length).toBe(2 * EACH)
  for (const who of ['Ann', 'Olga']) expect(log.filter((text) => text.startsWith(who))).toEqual(said(who))
  for (const page of [phone, desk]) {
    await until(async () => (await screen(page)).length >= log.length, 'the screen has caught up')
    expect(await screen(page)).toEqual(log)
  }
  // That a line breaks is said in the console; nothing else is.
  const troubles = [hers, desks].flatMap(({ browsers }) => browsers.troubles)
  expect(troubles.filter((one) => !/ERR_|WebSocket connection/.test(one))).toEqual([])
})
