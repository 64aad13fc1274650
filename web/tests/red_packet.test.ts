import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Download, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Browsers } from './support/browser'
import { customer, merchant, type Person } from './support/people'
import { TestServer, until } from './support/server'
import { Shop } from './support/shop'

const wide = { viewport: { width: 1360, height: 860 }, locale: 'en' }
const phone = { viewport: { width: 360, height: 740 }, locale: 'en', hasTouch: true }
const poison = '<img src=x onerror=alert(1)>{{ 7*7 }}'
let server: TestServer
let browsers: Browsers
let shop: { person: Person; shop: string }
let ann: Person
let bob: Person
let carol: Person
let group = ''
let desk: Page
let hers: Page
let his: Page

beforeAll(async () => {
  server = await TestServer.start()
  shop = await merchant(server, 'Olga')
  ann = await customer(server, 'Ann')
  bob = await customer(server, 'Bob')
  carol = await customer(server, 'Carol', ann)
  for (const one of [ann, bob, carol]) await comes(one)
  group = await new Shop(shop.person, shop.shop).gather('Friends of dresses', [ann.id, bob.id, carol.id])
  server.sql(`insert into ledger (shop_id, debit, credit, amount, cause, at) values ('${shop.shop}', 'provider', 'balance', 10000, 'paid', now())`)
  browsers = await Browsers.of(server)
})
afterEach(async ({ task }) => {
  // How the screens were when it failed.
  if (task.result?.state !== 'fail') return
  for (const [name, page] of Object.entries({ desk, hers, his })) if (page) await browsers.shot(page, `failed-packet-${name}`)
})
afterAll(async () => {
  await browsers?.close()
  await server?.stop()
})

/** To the shop, which knows them from then on. */
async function comes(person: Person) {
  const line = person.page()
  await until(() => line.socket.state.value === 'live', 'the line is live')
  await line.open(shop.shop)
  line.socket.stop()
}

const card = (page: Page) => page.getByRole('log').getByRole('region', { name: /^(Red packet|红包)[:：]/ }).last()
const dialog = () => desk.getByRole('dialog').last()

async function isSound(page: Page, refused = /^$/) {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  expect(await page.locator('img[src="x"]').count()).toBe(0)
  expect(browsers.troubles.splice(0).filter((one) => !refused.test(one))).toEqual([])
}

/** By the form of the desk. */
async function sends(total: string, shares: string, greeting: string) {
  await desk.getByRole('button', { name: 'Send a red packet', exact: true }).click()
  for (const [name, words] of Object.entries({ 'In all': total, Shares: shares, 'What is said with it': greeting })) {
    await dialog().getByLabel(new RegExp(`^${name}`)).fill(words)
  }
}

const whole = async (download: Promise<Download>) => Buffer.concat(await (await (await download).createReadStream()).toArray())

test('an agent sends a red packet, two members open it, and everybody sees it empty', { timeout: 120_000 }, async () => {
  desk = await browsers.openAs(shop.person, `/desk#${group}`, wide)
  await sends('12.34', '2', poison)
  await browsers.shot(desk, 'packet-form')
  await dialog().getByRole('button', { name: 'Send', exact: true }).click()
  await card(desk).getByText('2 of 2 left').waitFor()
  await card(desk).getByText(poison).waitFor()
  expect(await card(desk).getByRole('button').count()).toBe(0)

  hers = await browsers.openAs(ann, `/#${group}`, { ...phone, reducedMotion: 'reduce' })
  await card(hers).getByText('¥12.34 in 2 shares').waitFor()
  await browsers.shot(hers, 'packet-open')
  await card(hers).getByRole('button', { name: 'Open' }).click()
  const got = card(hers).getByText(/You got ¥\d/)
  await got.waitFor()
  expect(await got.evaluate((words) => getComputedStyle(words).animationName)).toBe('none')
  await card(hers).getByText('You were number 1').waitFor()
  await card(desk).getByText('1 of 2 left').waitFor()
  await browsers.shot(hers, 'packet-mine')

  his = await browsers.openAs(bob, `/#${group}`, { ...phone, locale: 'zh-CN', colorScheme: 'dark' })
  await card(his).getByText('剩 1/2 个').waitFor()
  await browsers.shot(his, 'packet-open-zh')
  await card(his).getByRole('button', { name: '開' }).click()
  await card(his).getByText('已领完').waitFor()
  await card(his).getByText('您是第 2 个领取的').waitFor()
  await card(his).getByText('2 人领取了 ¥12.34').waitFor()
  for (const page of [hers, desk]) await card(page).getByText('all taken').waitFor()
  await browsers.shot(his, 'packet-emptied-zh')
  await browsers.shot(desk, 'packet-desk')
  for (const page of [hers, his, desk]) await isSound(page)
})

test('what one got is known on another device too, and in the wallet', { timeout: 60_000 }, async () => {
  await hers.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('souk.receipt')).forEach((key) => localStorage.removeItem(key)))
  await hers.reload()
  await card(hers).getByText('You were number 1').waitFor()
  await card(hers).getByRole('link', { name: 'To the wallet' }).click()
  const sum = (await hers.getByRole('link', { name: 'Olga’s shop' }).locator('..').locator('b').textContent()) ?? ''
  expect(sum).toMatch(/^¥\d+\.\d\d$/)
  await hers.getByText(sum).nth(1).waitFor()
  await hers.getByText(poison).waitFor()
  await browsers.shot(hers, 'packet-wallet')
  await isSound(hers)
  await his.evaluate(() => (location.hash = '/packets'))
  await his.getByText('店铺欠您的').waitFor()
  await browsers.shot(his, 'packet-wallet-zh')
  await isSound(his)
})

test('the file verifies on the page and by the program, and a changed byte does not', { timeout: 90_000 }, async () => {
  await hers.evaluate((to) => (location.hash = to), group)
  const saved = hers.waitForEvent('download')
  await card(hers).getByRole('button', { name: 'Proof file' }).click()
  const file = await whole(saved)
  const folder = mkdtempSync(join(tmpdir(), 'souk-packet-'))
  writeFileSync(join(folder, 'packet.json'), file)
  const said = execFileSync(process.env.SOUK_BIN ?? '../target/debug/souk', ['verify-packet', join(folder, 'packet.json')]).toString()
  expect(said).toContain('split as committed to')
  rmSync(folder, { recursive: true })

  await card(hers).getByRole('link', { name: 'Check it' }).click()
  await hers.getByText('Verified on this device').waitFor()
  await hers.getByText('The same commitment stood on the card').waitFor()
  await hers.getByText('It is in the file as it was when you took it.').waitFor()
  await hers.getByText('(you)').waitFor()
  await browsers.shot(hers, 'packet-verify')
  await isSound(hers)
  await hers.context().setOffline(true)
  const choose = (words: string) => hers.locator('input[type=file]').setInputFiles({ name: 'packet.json', mimeType: 'application/json', buffer: Buffer.from(words) })
  await choose(file.toString())
  await hers.getByText('Verified on this device').waitFor()
  await choose(file.toString().replace(/"place": 2,\n {6}"person": "./, '$&0'))
  await hers.getByText('This does not verify').waitFor()
  await hers.getByText('Where: takes[1]').waitFor()
  await browsers.shot(hers, 'packet-verify-changed')
  await hers.context().setOffline(false)

  await his.evaluate((to) => (location.hash = to), group)
  await card(his).getByRole('link', { name: '验证红包' }).click()
  await his.getByText('已在本设备上验证').waitFor()
  await his.getByText('(您)').waitFor()
  await browsers.shot(his, 'packet-verify-zh')
  await isSound(his)
})

test('refusals are said as sentences: another account on the device, and too little money', { timeout: 90_000 }, async () => {
  await sends('10', '5', 'Once more')
  await dialog().getByLabel(/^How it is split/).selectOption('equal')
  await dialog().getByRole('button', { name: 'Send', exact: true }).click()
  await hers.goto(`${server.url}/#${group}`)
  await card(hers).getByRole('button', { name: 'Open' }).click()
  await card(hers).getByText('You got ¥2.00').waitFor()
  const carols = await browsers.openAs(carol, `/#${group}`, phone)
  await card(carols).getByRole('button', { name: 'Open' }).click()
  await card(carols).getByRole('alert').waitFor()
  await browsers.shot(carols, 'packet-refused')
  await isSound(carols, /status of 409/)
  await carols.close()

  await sends('999', '5', 'Too much')
  await dialog().getByRole('button', { name: 'Send', exact: true }).click()
  await dialog().getByRole('alert').waitFor()
  await browsers.shot(desk, 'packet-too-much')
  await dialog().getByRole('button', { name: 'Cancel' }).click()
  await isSound(desk, /status of 409 .*\/red-packets$/)
})

test('what nobody took goes back, and the centre tells who took what', { timeout: 90_000 }, async () => {
  server.sql(`alter table red_packets disable trigger user; update red_packets set ends_at = now() where state = 'open'; alter table red_packets enable trigger user`)
  await card(hers).getByText('expired').waitFor()
  await card(hers).getByText('The rest, ¥8.00, went back to the shop.').waitFor()
  await browsers.shot(hers, 'packet-expired')
  const centre = await browsers.openAs(shop.person, '/centre#packets', wide)
  await centre.getByRole('row', { name: /Once more/ }).getByText('expired').waitFor()
  await centre.getByRole('row', { name: /12\.34/ }).getByText('all taken').waitFor()
  await browsers.shot(centre, 'packet-centre')
  await centre.getByRole('link', { name: 'Once more' }).click()
  await centre.getByRole('table', { name: 'Who took what' }).getByText('Ann').waitFor()
  await browsers.shot(centre, 'packet-drawer')
  const saved = centre.waitForEvent('download')
  await centre.getByRole('button', { name: 'File to check it by' }).click()
  expect((await whole(saved)).toString()).toContain('souk-packet-1')
  await isSound(centre)
  await centre.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  await centre.getByRole('button', { name: '中文' }).click()
  await centre.getByRole('link', { name: 'Once more' }).click()
  await centre.getByRole('dialog').getByText('已过期').waitFor()
  await centre.emulateMedia({ colorScheme: 'dark' })
  await browsers.shot(centre, 'packet-drawer-zh')
})

test('the owner says what was paid out, and the customer is told', { timeout: 90_000 }, async () => {
  const centre = await browsers.openAs(shop.person, '/centre#money', wide)
  const row = centre.getByRole('table', { name: 'Owed from red packets' }).getByRole('row', { name: /Ann/ })
  const owed = (await row.getByText(/^¥/).textContent()) ?? ''
  await browsers.shot(centre, 'money')
  await row.getByRole('button', { name: 'Paid out' }).click()
  const form = centre.getByRole('dialog')
  await form.getByText(`${owed} are owed`).waitFor()
  await browsers.shot(centre, 'money-payout')
  // More than is owed is refused, and the form stays.
  await form.getByLabel(/^Amount/).fill('5000')
  await form.getByLabel(/^How/).fill(poison)
  await form.getByRole('button', { name: 'It was paid' }).click()
  await form.getByRole('alert').waitFor()
  await form.getByLabel(/^Amount/).fill(owed.slice(1))
  await form.getByRole('button', { name: 'It was paid' }).click()
  await row.waitFor({ state: 'detached' })
  await centre.getByRole('listitem').filter({ hasText: 'paid to customers so far' }).getByText(owed, { exact: true }).waitFor()
  await isSound(centre, /status of (409|422) .*\/payouts$/)
  await hers.goto(`${server.url}/#/packets`)
  await hers.getByText('No shop owes you anything now.').waitFor()
  await centre.getByRole('button', { name: '中文' }).click()
  await centre.emulateMedia({ colorScheme: 'dark' })
  await centre.getByRole('heading', { name: '资金' }).waitFor()
  await browsers.shot(centre, 'money-zh-dark')
})
