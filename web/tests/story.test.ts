import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browsers } from './support/browser'
import { customer, merchant, newPhone, password, type Person } from './support/people'
import { TestServer, until } from './support/server'
import { picture, Shop } from './support/shop'

const poison = '<img src=x onerror="document.title=1"><script>document.title=2</script>{{ 7 * 7 }}'
let server: TestServer
let browsers: Browsers
let shop: { person: Person; shop: string; phone: string }

beforeAll(async () => {
  server = await TestServer.start()
  shop = await merchant(server, poison.slice(0, 40))
  browsers = await Browsers.of(server)
})
afterAll(async () => {
  await browsers?.close()
  await server?.stop()
})

async function say(page: Page, words: string) {
  await page.getByRole('textbox', { name: 'Write a message' }).fill(words)
  await page.keyboard.press('Enter')
}

const heard = (page: Page, words: string) => page.getByRole('log').getByText(words, { exact: true })

test('a customer writes on a phone, the agent answers at the desk, and markup is words', { timeout: 180_000 }, async () => {
  const ann = await browsers.open(`/?shop=${shop.shop}`, { viewport: { width: 360, height: 740 }, locale: 'en', hasTouch: true })
  const phone = newPhone()
  await ann.getByRole('button', { name: 'I am new here' }).click()
  await ann.getByRole('textbox', { name: 'Mobile number' }).fill(phone)
  await ann.getByRole('textbox', { name: 'Your name' }).fill('Ann <b>bold</b>')
  await browsers.shot(ann, 'customer-log-in')
  await ann.getByRole('button', { name: 'Send me a code' }).click()
  await browsers.giveCode(ann, phone)
  await say(ann, 'Is the floral dress there in M?')
  await heard(ann, 'Is the floral dress there in M?').waitFor()
  await say(ann, poison)
  await heard(ann, poison).waitFor()

  const desk = await browsers.open('/desk', { viewport: { width: 1280, height: 800 }, locale: 'en', colorScheme: 'dark' })
  await desk.getByRole('textbox', { name: 'Mobile number' }).fill(shop.phone)
  await desk.getByLabel('Password').fill(password)
  await desk.getByRole('button', { name: 'Send me a code' }).click()
  await browsers.giveCode(desk, shop.phone)
  await desk.getByRole('link', { name: /Ann <b>bold<\/b>/ }).waitFor()
  await desk.keyboard.press('Alt+w')
  await heard(desk, poison).waitFor()
  await say(desk, 'It is: M, L and XL, for 159.')
  await heard(ann, 'It is: M, L and XL, for 159.').waitFor()
  await say(ann, 'Then I take M.')
  await heard(desk, 'Then I take M.').waitFor()
  await ann.getByText('read', { exact: false }).first().waitFor()
  await browsers.shot(ann, 'customer-talk')
  await browsers.shot(desk, 'desk')
  await sells(ann, desk)

  for (const page of [ann, desk]) {
    expect(await page.locator('[role=log] img:not([src^=blob]), [role=log] script, [role=log] b, nav b b').count()).toBe(0)
    expect(await page.title()).toMatch(/Souk/)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  }
  expect(browsers.troubles).toEqual([])
})

/** A coupon from its bubble, an order from its card, a picture: live on both screens, with the buttons that the server allows. */
async function sells(customer: Page, desk: Page) {
  const owner = new Shop(shop.person, shop.shop)
  const conversation = new URL(customer.url()).hash.slice(1)
  const ann = await customer.evaluate(() => JSON.parse(localStorage['souk.session.customer']).user.id as string)
  const group = await owner.gather(poison.slice(0, 30), [ann])
  await owner.giveCoupons(group, poison.slice(0, 40))
  for (const page of [customer, desk]) await page.evaluate((to) => (location.hash = to), group)
  await customer.getByRole('button', { name: 'Claim' }).click()
  await customer.getByText('In your wallet').waitFor()
  await desk.getByText('4 of 5 left').waitFor()
  await browsers.shot(customer, 'customer-coupon')
  for (const page of [customer, desk]) await page.evaluate((to) => (location.hash = to), conversation)
  await owner.draftOrder(conversation, poison.slice(0, 40))
  await customer.getByRole('button', { name: 'Confirm' }).click()
  await customer.getByRole('button', { name: 'Pay (play money)' }).click()
  await customer.getByText('to be accepted').waitFor()
  await desk.getByRole('log').getByText('to be accepted').waitFor()
  expect(await customer.getByRole('button', { name: 'Pay (play money)' }).count()).toBe(0)
  await customer.locator('input[type=file]').setInputFiles(picture())
  await desk.getByRole('button', { name: 'Picture', exact: true }).locator('img').waitFor()
  await browsers.shot(customer, 'customer-cards')
  await browsers.shot(desk, 'desk-cards')
}

test('of a long conversation a page draws little, and reaches all', { timeout: 120_000 }, async () => {
  const carol = await customer(server, 'Carol')
  const line = carol.page()
  await until(() => line.socket.state.value === 'live', 'the line is live')
  const chat = await line.open(shop.shop)
  for (let at = 0; at < 240; at += 1) line.say({ conversation_id: chat.id, text: `line ${at}` })
  await until(() => chat.log.cursor.number === 241, 'all of it is said')
  line.socket.stop()

  const page = await browsers.openAs(carol, `/#${chat.id}`, { viewport: { width: 360, height: 740 }, locale: 'en' })
  await heard(page, 'line 239').waitFor()
  const rows = page.locator('[data-number]')
  const most: number[] = []
  while ((await heard(page, 'line 0').count()) === 0) {
    await page.locator('.scroller').evaluate((scroller) => scroller.scrollTo({ top: 0 }))
    most.push(await rows.count())
  }
  expect(Math.max(...most)).toBeLessThanOrEqual(120)
  await page.getByRole('button', { name: 'To the newest message' }).click()
  await heard(page, 'line 239').waitFor()
  expect(await heard(page, 'line 0').count()).toBe(0)
  expect(browsers.troubles).toEqual([])
})

test('the policy lets nothing run but the pages’ own files', async () => {
  const answer = await fetch(server.url)
  const policy = answer.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("script-src 'self';")
  expect(policy).not.toContain('unsafe')
  const page = await answer.text()
  expect(page).not.toMatch(/<style|style=|<script(?![^>]* src=)|\son\w+=/)
  const [script] = page.match(/\/assets\/[^"]+\.js/) ?? []
  const asset = await fetch(server.url + script, { headers: { 'accept-encoding': 'br' } })
  expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(asset.headers.get('content-encoding')).toBe('br')
  expect((await asset.text()).length).toBeGreaterThan(1_000)
})
