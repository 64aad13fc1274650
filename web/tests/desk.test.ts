import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { once, told } from '../src/rest'
import { Browsers } from './support/browser'
import { customer, merchant, type Person } from './support/people'
import { TestServer } from './support/server'
import { Shop } from './support/shop'

const wide = { viewport: { width: 1360, height: 860 }, locale: 'en' }
const phone = { viewport: { width: 360, height: 740 }, locale: 'en', hasTouch: true }
let server: TestServer
let browsers: Browsers
let shop: { person: Person; shop: string }
let owner: Shop
let ann: Person
let desk: Page
let hers: Page
let chat = ''

beforeAll(async () => {
  server = await TestServer.start()
  shop = await merchant(server, 'Olga')
  owner = new Shop(shop.person, shop.shop)
  await owner.shipWith('shunfeng', '顺丰')
  await owner.sells('Floral dress', ['S', 'M', 'L'])
  await owner.sells('Straw hat', [], 6_400)
  ann = await customer(server, 'Ann')
  browsers = await Browsers.of(server)
})
afterEach(async ({ task }) => {
  // How both screens were when it failed.
  if (task.result?.state !== 'fail') return
  for (const [name, page] of Object.entries({ desk, hers })) if (page) await browsers.shot(page, `failed-${name}`)
})
afterAll(async () => {
  await browsers?.close()
  await server?.stop()
})

const heard = (page: Page, words: string) => page.getByRole('log').getByText(words, { exact: true })
const card = (page: Page, name: string) => page.getByRole('log').getByRole('region', { name, exact: true }).last()
const dialog = () => desk.getByRole('dialog').last()
const fill = (name: string, words: string) => dialog().getByRole('textbox', { name: new RegExp(`^${name}`) }).fill(words)
const press = (name: string) => dialog().getByRole('button', { name, exact: true }).click()
/** A button of the conversation, or of its last card. */
const tool = (name: string) => desk.getByRole('main').getByRole('button', { name, exact: true }).last().click()

async function say(page: Page, words: string) {
  await page.getByRole('textbox', { name: 'Write a message' }).fill(words)
  await page.keyboard.press('Enter')
}

/** How many tones the desk has made so far. */
const tones = () => desk.evaluate(() => (globalThis as unknown as { tones?: number }).tones ?? 0)

/** Counts what would be heard: a test has no ears. */
async function listens(page: Page) {
  await page.addInitScript(() => {
    const all = globalThis as unknown as { tones: number }
    all.tones = 0
    const start = OscillatorNode.prototype.start
    OscillatorNode.prototype.start = function (when) {
      all.tones += 1
      start.call(this, when)
    }
  })
  await page.reload()
}

/** Draws up an order of so many of each, by the form of the desk. */
async function drafts(goods: Record<string, number>, coupon = '') {
  await tool('Draft an order')
  for (const [title, units] of Object.entries(goods)) {
    await dialog().getByRole('searchbox').fill(title.split(' ')[0] ?? '')
    for (let unit = 0; unit < units; unit += 1) await dialog().getByRole('button', { name: `Add: ${title}`, exact: true }).click()
  }
  await fill('Name', 'Ann Lee')
  await fill('Phone', '+8613800138000')
  await fill('Address', '1 Long Street, Springfield')
  if (coupon) await dialog().getByRole('combobox', { name: 'Coupon' }).selectOption({ index: 1 })
}

test('a customer asks, the agent drafts, the customer pays, the desk hears of it, ships twice and gives a part back', { timeout: 180_000 }, async () => {
  hers = await browsers.openAs(ann, `/?shop=${shop.shop}`, phone)
  await say(hers, 'Is the floral dress there in M?')
  desk = await browsers.openAs(shop.person, '/desk', wide)
  await listens(desk)
  await desk.getByRole('status').getByText('Connected').waitFor()
  await desk.getByRole('button', { name: /alerts unread|Alerts/ }).click()
  await desk.getByRole('button', { name: 'Sound is off' }).click()
  await desk.getByRole('button', { name: 'Sound is on' }).waitFor()
  await desk.keyboard.press('Escape')
  await desk.getByRole('link', { name: /Ann/ }).first().click()
  await heard(desk, 'Is the floral dress there in M?').waitFor()
  await say(desk, 'It is, for 159. Shall I draw it up for you?')
  await heard(hers, 'It is, for 159. Shall I draw it up for you?').waitFor()
  await drafts({ 'Floral dress · M': 2, 'Straw hat': 1 })
  await browsers.shot(desk, 'desk-draft')
  await press('Send it to confirm')
  chat = new URL(desk.url()).hash.slice(1)

  await card(hers, 'Order').getByText('¥382.00').first().waitFor()
  const before = await tones()
  await hers.getByRole('button', { name: 'Confirm' }).click()
  await hers.getByRole('button', { name: 'Pay (play money)' }).click()
  const toast = desk.getByRole('status').getByRole('link', { name: /^New order/ })
  await toast.waitFor()
  expect(await tones()).toBe(before + 2)
  await desk.getByRole('button', { name: /alerts unread/ }).waitFor()
  await browsers.shot(desk, 'desk-alert')
  // It leads to the order.
  await toast.click()
  await desk.getByRole('dialog', { name: /^Order WS/ }).getByText('to be accepted').first().waitFor()
  await press('Accept')
  await press('Accept')
  await desk.getByRole('dialog', { name: /^Order WS/ }).getByText('accepted', { exact: true }).first().waitFor()
  await browsers.shot(desk, 'desk-order')
  await press('Close')
  await desk.keyboard.press('Alt+a')
  await desk.getByRole('button', { name: 'All are read' }).click()
  await desk.getByRole('button', { name: 'Alerts', exact: true }).waitFor()
  await desk.keyboard.press('Escape')
  await shipsTwice()
  await givesBack()
  expect(browsers.troubles).toEqual([])
})

/** One parcel with a part of it, another with what is left. */
async function shipsTwice() {
  await tool('Ship')
  await fill('Tracking number', 'SF1000000001')
  await fill('Floral dress · M', '1')
  await press('Ship')
  await card(desk, 'Order').getByText('partly shipped').waitFor()
  await card(hers, 'Order').getByText('SF1000000001').waitFor()
  await tool('Ship')
  await fill('Tracking number', 'SF1000000002')
  await press('Ship')
  for (const page of [hers, desk]) {
    await card(page, 'Order').getByText(/SF1000000001.*SF1000000002/).waitFor()
    await card(page, 'Order').getByText('shipped', { exact: true }).waitFor()
  }
  expect(await desk.getByRole('main').getByRole('button', { name: 'Ship', exact: true }).count()).toBe(0)
}

/** The money of one dress out of two. */
async function givesBack() {
  await tool('Give money back')
  await fill('Floral dress · M', '1')
  await fill('Why', 'One has a stain')
  await press('Give money back')
  for (const page of [hers, desk]) await card(page, 'Order').getByText('¥159.00', { exact: true }).last().waitFor()
  for (const page of [hers, desk]) await card(page, 'Order').getByText('Refunded').waitFor()
  await desk.getByRole('complementary').getByRole('link', { name: /^WS/ }).waitFor()
  await browsers.shot(desk, 'desk-refunded')
  await browsers.shot(hers, 'customer-refunded')
}

test('what the server refuses is said as a sentence, and the dialog stays', { timeout: 60_000 }, async () => {
  await tool('Give money back')
  await fill('Floral dress · M', '5')
  await fill('Why', 'too much')
  await press('Give money back')
  await dialog().getByRole('alert').waitFor()
  await browsers.shot(desk, 'desk-refused')
  await press('Cancel')
  browsers.troubles.splice(0, Infinity, ...browsers.troubles.filter((one) => !/status of (409|422) .*\/cases$/.test(one)))
  expect(browsers.troubles).toEqual([])
})

test('the agent shows a product, tags, notes and comes back to it', { timeout: 60_000 }, async () => {
  await tool('Show a product')
  await dialog().getByRole('searchbox').fill('hat')
  await press('Show a product: Straw hat')
  await card(hers, 'Product').getByText('Straw hat').waitFor()
  const pane = desk.getByRole('complementary')
  await pane.getByRole('button', { name: 'Add a tag' }).click()
  await fill('Tag', 'likes flowers')
  await press('Save')
  await pane.getByText('likes flowers').waitFor()
  await pane.getByRole('button', { name: 'Write' }).click()
  await fill('What', 'Ask about the hat in May')
  await dialog().getByLabel('Remind at').fill(new Date(Date.now() + 86_400_000).toISOString().slice(0, 16))
  await press('Save')
  await pane.getByText('still to do').waitFor()
  await browsers.shot(desk, 'desk-pane')
  await pane.getByRole('button', { name: 'Done' }).click()
  await press('Done')
  await pane.getByText('done', { exact: true }).waitFor()
  await pane.getByRole('button', { name: 'Remove: likes flowers' }).click()
  await press('Remove')
  await pane.getByText('likes flowers').waitFor({ state: 'detached' })
  expect(browsers.troubles).toEqual([])
})

test('a coupon goes into a group, is claimed from its bubble and used with the next order', { timeout: 90_000 }, async () => {
  await owner.issues('Ten off')
  const group = await owner.gather('Friends of dresses', [ann.id])
  for (const page of [hers, desk]) await page.evaluate((to) => (location.hash = to), group)
  await tool('Give a coupon')
  await press('Give')
  await hers.getByRole('button', { name: 'Claim' }).click()
  await hers.getByText('In your wallet').waitFor()
  await desk.getByText('4 of 5 left').waitFor()
  await browsers.shot(desk, 'desk-coupon')

  for (const page of [hers, desk]) await page.evaluate((to) => (location.hash = to), chat)
  await desk.getByRole('complementary').getByText('Ten off').waitFor()
  await drafts({ 'Straw hat': 1 }, 'Ten off')
  await press('Send it to confirm')
  await card(hers, 'Order').getByText('¥54.00').waitFor()
  await hers.getByRole('button', { name: 'Confirm' }).click()
  await hers.getByRole('button', { name: 'Pay (play money)' }).click()
  for (const page of [hers, desk]) await card(page, 'Order').getByText('to be accepted').waitFor()
  // It is spent.
  await desk.getByRole('complementary').getByText('Ten off').waitFor({ state: 'detached' })
  expect(browsers.troubles).toEqual([])
})

test('a lottery is published in a group, and drawn on both screens when the next member joins', { timeout: 90_000 }, async () => {
  const group = await owner.gather('Lucky friends', [ann.id])
  for (const page of [hers, desk]) await page.evaluate((to) => (location.hash = to), group)
  await tool('Lottery')
  const said = { Title: 'A hat for free', Contact: 'at the desk', 'Prize 1': 'Straw hat', 'What one is worth': '64', 'Who may take part': 'Members', 'Drawn at so many': '3', 'How to claim': 'Write to us', 'How it is delivered': 'By mail', 'What is not claimed': 'goes to a substitute' }
  for (const [name, words] of Object.entries(said)) await fill(name, words)
  await dialog().getByLabel('Ends', { exact: true }).fill(new Date(Date.now() + 86_400_000).toISOString().slice(0, 16))
  await browsers.shot(desk, 'desk-lottery')
  await press('Publish')
  await card(hers, 'Lottery').getByText('Drawn when the group has 3 members').waitFor()
  await hers.getByRole('button', { name: 'Take part' }).click()
  await hers.getByText('You take part with 1 tickets.').waitFor()
  await joins(group)
  for (const page of [hers, desk]) await card(page, 'Lottery').getByText('Winners').waitFor()
  const winners = await Promise.all([hers, desk].map((page) => card(page, 'Lottery').locator('.lines').last().textContent()))
  expect(winners[0]).toBe(winners[1])
  expect(winners[0]).toMatch(/Ann|Bob/)
  await browsers.shot(desk, 'desk-drawn')
  expect(browsers.troubles).toEqual([])
})

test('the same in Chinese, in the dark, and on a small screen', { timeout: 60_000 }, async () => {
  await desk.evaluate((to) => (location.hash = to), chat)
  await desk.getByRole('button', { name: '中文' }).click()
  await desk.getByRole('button', { name: '开单' }).waitFor()
  await browsers.shot(desk, 'desk-zh')
  await desk.emulateMedia({ colorScheme: 'dark' })
  await desk.keyboard.press('Alt+a')
  await desk.getByRole('region', { name: '提醒' }).waitFor()
  await browsers.shot(desk, 'desk-zh-dark-alerts')
  await desk.keyboard.press('Escape')
  await desk.keyboard.press('Alt+o')
  await dialog().getByText('Straw hat').first().waitFor()
  await browsers.shot(desk, 'desk-zh-dark-draft')
  await desk.keyboard.press('Escape')
  await desk.setViewportSize({ width: 800, height: 640 })
  expect(await desk.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  await browsers.shot(desk, 'desk-small')
  expect(browsers.troubles).toEqual([])
})

/** Bob comes into the group by an invitation. */
async function joins(group_id: string) {
  const bob = await customer(server, 'Bob')
  const params = { path: { group_id }, header: once() }
  const { token = '' } = await told(shop.person.session.rest.POST('/api/v1/groups/{group_id}/invites', { params, body: {} }))
  await bob.session.rest.POST('/api/v1/invites/accept', { params: { header: once() }, body: { token } })
}
