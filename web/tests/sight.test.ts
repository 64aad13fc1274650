import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { once } from '../src/rest'
import { Browsers } from './support/browser'
import { customer, merchant, type Person } from './support/people'
import { TestServer, until } from './support/server'
import { Shop } from './support/shop'
import { faultsInBothLights } from './support/sight'

const wide = { viewport: { width: 1360, height: 860 }, locale: 'en' }
const places = ['home', 'orders', 'cases', 'goods', 'coupons', 'campaigns', 'draws', 'packets', 'money', 'customers', 'groups', 'staff', 'programs', 'settings']
let server: TestServer
let browsers: Browsers
let shop: { person: Person; shop: string }
let ann: Person
let chat = ''
let group = ''
let packet = ''
/** One that is empty. */
let over = ''

beforeAll(async () => {
  server = await TestServer.start()
  shop = await merchant(server, 'Olga')
  const owner = new Shop(shop.person, shop.shop)
  await owner.shipWith('shunfeng', '顺丰')
  await owner.sells('Floral dress', ['S', 'M'])
  ann = await customer(server, 'Ann')
  await owner.sellTo(ann, 2)
  chat = await talks()
  group = await owner.gather('Friends of dresses', [ann.id])
  await owner.giveCoupons(group, 'Ten off')
  server.sql(`insert into ledger (shop_id, debit, credit, amount, cause, at) values ('${shop.shop}', 'provider', 'balance', 10000, 'paid', now())`)
  packet = await owner.treats(group, 1)
  over = await owner.treats(group, 1)
  await ann.session.rest.POST('/api/v1/red-packets/{red_packet_id}/take', { params: { path: { red_packet_id: over }, header: once() }, body: {} })
  browsers = await Browsers.of(server)
})
afterAll(async () => {
  await browsers?.close()
  await server?.stop()
})

async function talks(): Promise<string> {
  const line = ann.page()
  await until(() => line.socket.state.value === 'live', 'the line is live')
  const { id } = await line.open(shop.shop)
  line.say({ conversation_id: id, text: 'Is it there in M?' })
  await until(() => line.queue.sends.size === 0, 'it is said')
  line.socket.stop()
  return id
}

const to = (page: Page, place: string) => page.evaluate((hash) => (location.hash = hash), place)

test('nobody is kept from using the customer’s page', { timeout: 90_000 }, async () => {
  const page = await browsers.open(`/?shop=${shop.shop}`, { viewport: { width: 360, height: 740 }, locale: 'en' })
  await page.getByRole('button', { name: 'Send me a code' }).waitFor()
  expect(await faultsInBothLights(page)).toEqual([])
  const hers = await browsers.openAs(ann, '/', { viewport: { width: 360, height: 740 }, locale: 'en' })
  await hers.getByRole('link', { name: /Olga/ }).first().waitFor()
  expect(await faultsInBothLights(hers)).toEqual([])
  for (const place of [chat, group]) {
    await to(hers, place)
    await hers.getByRole('log').getByRole('listitem').nth(1).waitFor()
    expect(await faultsInBothLights(hers)).toEqual([])
  }
  await hers.getByRole('region', { name: /^Red packet:/ }).getByText('all taken').waitFor()
  await to(hers, '/packets')
  await hers.getByText('What you have taken').waitFor()
  await hers.getByRole('link', { name: 'Olga’s shop' }).waitFor()
  expect(await faultsInBothLights(hers)).toEqual([])
  await to(hers, '')
  await hers.locator('summary').click()
  expect(await faultsInBothLights(hers)).toEqual([])
  await hers.goto(`${server.url}/verify?packet=${over}`)
  await hers.getByText('Verified on this device').waitFor()
  expect(await faultsInBothLights(hers)).toEqual([])
})

test('nobody is kept from using the desk', { timeout: 120_000 }, async () => {
  const page = await browsers.openAs(shop.person, '/desk', wide)
  await page.getByRole('link', { name: /Ann/ }).first().waitFor()
  expect(await faultsInBothLights(page)).toEqual([])
  for (const place of [chat, group]) {
    await to(page, place)
    await page.getByRole('log').getByRole('listitem').nth(1).waitFor()
    expect(await faultsInBothLights(page)).toEqual([])
  }
  await to(page, chat)
  for (const opens of ['Alt+a', 'Control+/', 'Alt+o', 'Alt+p', 'Alt+g']) {
    await page.keyboard.press(opens)
    await page.locator('dialog[open], #alerts').last().waitFor()
    await page.locator('dialog [aria-busy=true]').waitFor({ state: 'detached' })
    expect(await faultsInBothLights(page), opens).toEqual([])
    await page.keyboard.press('Escape')
    await page.locator('dialog[open], #alerts').waitFor({ state: 'detached' })
  }
  await page.getByRole('complementary').getByRole('link', { name: /^WS/ }).click()
  await page.getByRole('dialog').getByText('to be accepted').first().waitFor()
  expect(await faultsInBothLights(page)).toEqual([])
  await page.keyboard.press('Escape')
  await to(page, group)
  await page.getByRole('button', { name: 'Send a red packet' }).click()
  await page.getByRole('dialog').getByText('How it is split').waitFor()
  expect(await faultsInBothLights(page)).toEqual([])
})

test('nobody is kept from using the centre', { timeout: 120_000 }, async () => {
  const page = await browsers.openAs(shop.person, '/centre', wide)
  for (const place of places) {
    await to(page, place)
    await page.locator('.listing[aria-busy=false], .alerts, .cards[aria-busy=false]').first().waitFor()
    expect(await faultsInBothLights(page), place).toEqual([])
  }
  await to(page, `packets/${packet}`)
  await page.getByRole('dialog').getByText('Nobody has taken a share.').waitFor()
  expect(await faultsInBothLights(page)).toEqual([])
})
