import { afterAll, beforeAll, expect, test } from 'vitest'
import { once, told } from '../src/rest'
import { Browsers } from './support/browser'
import { customer, merchant, type Person } from './support/people'
import { TestServer, until } from './support/server'
import { Shop } from './support/shop'

const poison = '<img src=x onerror=hacked=1><b>x</b>{{ 7 * 7 }}'
/** Where there is little room. */
const short = '<img src=x onerror=hacked=1>'
const wide = { viewport: { width: 1360, height: 860 }, locale: 'en' }
let server: TestServer
let browsers: Browsers
let shop: { person: Person; shop: string }
let owner: Shop
let ann: Person
let chat = ''
let order = ''
let group = ''

beforeAll(async () => {
  server = await TestServer.start()
  shop = await merchant(server, short)
  owner = new Shop(shop.person, shop.shop)
  ann = await customer(server, short)
  await owner.shipWith('poison', short)
  await owner.sells(poison, [short, 'M'])
  await owner.issues(short)
  await speaks()
  await buys()
  await isKnown()
  browsers = await Browsers.of(server)
})
afterAll(async () => {
  await browsers?.close()
  await server?.stop()
})

async function speaks() {
  const line = ann.page()
  await until(() => line.socket.state.value === 'live', 'the line is live')
  chat = (await line.open(shop.shop)).id
  line.say({ conversation_id: chat, text: poison })
  await until(() => line.queue.sends.size === 0, 'it is said')
  line.socket.stop()
  group = await owner.gather(short, [ann.id])
}

/** An order to a poisoned address, in a poisoned parcel, of which a poisoned part comes back. */
async function buys() {
  const path = { shop_id: shop.shop }
  const { products } = await told(ann.session.rest.GET('/api/v1/shops/{shop_id}/products', { params: { path } }))
  const basket = { lines: [{ variant_id: products[0]?.variants[0]?.id ?? '', units: 3 }] }
  const recipient = { name: short, phone: '+8613800138000', address: poison }
  const placed = { params: { path, header: once() }, body: { basket, delivery_method: 'express' as const, recipient, requests: poison } }
  const { id } = await told(ann.session.rest.POST('/api/v1/shops/{shop_id}/checkout', placed))
  order = id
  await ann.session.rest.POST('/api/v1/orders/{order_id}/pay-in-sandbox', { params: { path: { order_id: id } }, body: {} })
  const { rest } = shop.person.session
  const params = { path: { ...path, order_id: id } }
  const one = '/api/v1/shops/{shop_id}/orders/{order_id}' as const
  const { revision, hash } = await told(rest.GET(one, { params }))
  await rest.POST(`${one}/accept`, { params, body: { revision, hash } })
  await rest.POST(`${one}/ship`, { params, body: { carrier: 'poison', tracking_number: short, units: [{ line: 1, units: 1 }], remark: poison } })
  await rest.POST(`${one}/notes`, { params, body: { text: poison, pictures: [] } })
  await rest.POST(`${one}/flag`, { params, body: { text: poison } })
  await rest.POST(`${one}/cases`, { params: { ...params, header: once() }, body: { lines: [{ line: 1, units: 1 }], sent: true, reason: poison } })
}

/** Tags, notes, coupons, and a lottery. */
async function isKnown() {
  const { rest } = shop.person.session
  const path = { shop_id: shop.shop }
  const tag = { dimension: 'preference' as const, name: short }
  await rest.POST('/api/v1/shops/{shop_id}/customer-tags', { params: { path, header: once() }, body: { tag, customer_ids: [ann.id] } })
  const note = { params: { path: { ...path, user_id: ann.id }, header: once() }, body: { content: poison, due_at: null } }
  await rest.POST('/api/v1/shops/{shop_id}/customers/{user_id}/follow-ups', note)
  await owner.claim(ann)
  await owner.giveCoupons(group, short)
  const claim = { how: poison, days: 7, delivery: poison, forfeiture: poison }
  const prizes = [{ name: short, value: 100, quantity: 1 }]
  const draw = { conversation_id: group, title: short, organiser: poison, contact: poison, prizes, conditions: poison, target: 9, ends_at: new Date(Date.now() + 86_400_000).toISOString(), claim }
  await rest.POST('/api/v1/shops/{shop_id}/draws', { params: { path, header: once() }, body: draw })
}

test('whatever people write into a field is text at the desk', { timeout: 120_000 }, async () => {
  const desk = await browsers.openAs(shop.person, '/desk', wide)
  const dialog = desk.getByRole('dialog').last()
  /** It is there to be read, and nowhere an element. */
  const isText = async (where: string) => {
    expect(await desk.getByText(short, { exact: false }).count(), where).toBeGreaterThan(0)
    expect(await desk.locator('img:not([src^=blob]), #page script, #page b b, [onerror]').count(), where).toBe(0)
    expect(await desk.getByText('49', { exact: true }).count(), where).toBe(0)
    expect(await desk.evaluate(() => 'hacked' in globalThis), where).toBe(false)
  }
  await desk.getByRole('navigation').getByRole('link').first().waitFor()
  await isText('the queue')
  for (const [place, ready] of [[chat, 'follow-ups'], [group, 'lottery']] as const) {
    await desk.evaluate((to) => (location.hash = to), place)
    await desk.getByRole('log').getByRole('region').first().waitFor()
    if (place === chat) await desk.getByRole('complementary').getByText(poison).first().waitFor()
    await isText(ready)
  }
  await browsers.shot(desk, 'desk-poison')
  await desk.evaluate((to) => (location.hash = to), `${chat}/order/${order}`)
  await dialog.getByText(poison).first().waitFor()
  await isText('the order')
  await dialog.getByRole('button', { name: 'Ship', exact: true }).click()
  await isText('the parcel')
  await dialog.getByRole('button', { name: 'Cancel', exact: true }).click()
  await dialog.getByRole('button', { name: 'Close', exact: true }).click()
  for (const [key, ready] of [['Alt+a', 'the alerts'], ['Alt+o', 'the draft'], ['Alt+p', 'the goods'], ['Alt+g', 'the coupons']] as const) {
    await desk.keyboard.press(key)
    await desk.locator('dialog[open], #alerts').last().getByText(short, { exact: false }).or(desk.getByRole('option', { name: short })).first().waitFor({ state: 'attached' })
    await isText(ready)
    await desk.keyboard.press('Escape')
  }
  await desk.getByRole('navigation').first().waitFor()
  expect(browsers.troubles).toEqual([])
})
