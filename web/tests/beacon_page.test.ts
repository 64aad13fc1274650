import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browsers } from './support/browser'
import { customer, merchant, type Person } from './support/people'
import { Relay } from './support/relay'
import { TestServer } from './support/server'
import { Shop } from './support/shop'

const phone = { viewport: { width: 360, height: 740 }, locale: 'en', hasTouch: true }
let relay: Relay
let server: TestServer
let browsers: Browsers
let shop: Awaited<ReturnType<typeof merchant>>
let owner: Shop
let ann: Person

beforeAll(async () => {
  relay = await Relay.start()
  server = await TestServer.start(...relay.flags)
  shop = await merchant(server, 'Olga')
  owner = new Shop(shop.person, shop.shop)
  ann = await customer(server, 'Ann')
  browsers = await Browsers.of(server)
})
afterAll(async () => {
  await browsers?.close()
  await server?.stop()
  relay?.stop()
})

const fits = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)

test('a draw is closed on the card, decided by the round that stood there, and checked with its signature', { timeout: 120_000 }, async () => {
  relay.isSilent = true
  const page = await browsers.openAs(ann, `/?shop=${shop.shop}`, phone)
  await page.getByRole('log').waitFor()
  const group = await owner.gather('Tea friends', [ann.id])
  await owner.raffles(group, 'Tea party', 3)
  await page.evaluate((to) => (location.hash = to), group)
  await page.getByText('A public source of chance (drand) decides').waitFor()
  await page.getByRole('button', { name: 'Take part' }).click()
  await page.getByText('You take part').waitFor()
  await page.getByRole('button', { name: 'Invite friends' }).click()
  const link = new URL((await page.locator('.invite code').textContent()) ?? '')
  await browsers.shot(page, 'beacon-open')

  const bob = await customer(server, 'Bob')
  const other = await browsers.openAs(bob, link.pathname + link.hash, { ...phone, locale: 'zh-CN', colorScheme: 'dark' })
  await other.getByRole('button', { name: '加入群聊' }).click()
  await page.getByText(/The list is closed\. Round \d+/).waitFor()
  await browsers.shot(page, 'beacon-closed')
  const waits = await browsers.openAs(ann, (await page.getByRole('link', { name: 'Check this draw' }).last().getAttribute('href')) ?? '', phone)
  await waits.getByText('nobody has won yet').waitFor()
  await browsers.shot(waits, 'beacon-verify-closed')
  await waits.close()

  relay.isSilent = false
  await page.getByText('You have won!').first().waitFor({ timeout: 60_000 })
  await page.getByText(/Round \d+ of a public source of chance decided/).first().waitFor()
  await browsers.shot(page, 'beacon-drawn')
  await page.getByRole('link', { name: 'Check this draw' }).last().click()
  await page.getByText('Verified on this device').waitFor()
  await page.getByText('a chain that this page does not know').waitFor()
  await page.getByText('This device saw the same hash and round on the card before the round began').waitFor()
  await browsers.shot(page, 'beacon-verify')
  expect(await fits(page)).toBeLessThanOrEqual(0)
  await checksFiles(page)
  await other.getByRole('link', { name: '验证抽奖' }).last().click()
  await other.getByText('已在本设备上验证').waitFor()
  await browsers.shot(other, 'beacon-verify-zh')
  expect(await fits(other)).toBeLessThanOrEqual(0)
  expect(browsers.troubles.splice(0)).toEqual([])
})

/** Off the line, too: the file as it is, and with another signature. */
async function checksFiles(page: Page) {
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save the file' }).click()
  const file = await (await saved).createReadStream()
  const whole = Buffer.concat(await file.toArray()).toString()
  await page.context().setOffline(true)
  const choose = (words: string) => page.locator('input[type=file]').setInputFiles({ name: 'draw.json', mimeType: 'application/json', buffer: Buffer.from(words) })
  await choose(whole)
  await page.getByText('Verified on this device').waitFor()
  await choose(whole.replace(/("signature": "[0-9a-f]{40})./, (_, before: string) => `${before}x`))
  await page.getByText('This does not verify').waitFor()
  await page.getByText('Where: beacon.signature').waitFor()
  await page.context().setOffline(false)
}
