import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { FrameLocator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { once, told } from '../src/rest'
import type { Chats } from '../src/store/chats'
import { Browsers } from './support/browser'
import { merchant, newPhone, type Person } from './support/people'
import { TestServer, until } from './support/server'
import { Shop } from './support/shop'
import { signed, Site, type Told } from './support/site'
import { faultsInBothLights } from './support/sight'

const wide = { viewport: { width: 1000, height: 760 }, locale: 'en' }
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true }
let server: TestServer
let browsers: Browsers
let shop: { person: Person; shop: string; phone: string }
let olga: Chats
let site: Site
let key: { id: string; secret: string }
/** What the site's pages are, by their address. */
const pages: Record<string, Told> = {}
/** Everything that a browser asked for. */
const asked: string[] = []

beforeAll(async () => {
  server = await TestServer.start()
  shop = await merchant(server, 'Olga')
  const owner = new Shop(shop.person, shop.shop)
  await owner.shipWith('shunfeng', '顺丰')
  await owner.lists('Spring tea', { list_price: 3_000, price: 3_000, stock: 40 })
  site = await Site.open(server.url, (path) => pages[path] ?? { tag: '' })
  await lists([site.origin])
  key = await told(shop.person.session.rest.POST('/api/v1/shops/{shop_id}/embed-keys', { params: { path: { shop_id: shop.shop }, header: once() } }))
  olga = shop.person.page()
  browsers = await Browsers.of(server)
})
afterAll(async () => {
  olga?.socket.stop()
  await browsers?.close()
  site?.close()
  await server?.stop()
})

async function lists(origins: string[]) {
  const params = { path: { shop_id: shop.shop } }
  await shop.person.session.rest.PUT('/api/v1/shops/{shop_id}/embed-origins', { params, body: { origins } })
}

/** Opens a page of the site; what the site says of its user, and what it hears, lies in `heard`. */
async function visit(name: string, { tag = '', ...more }: Partial<Told>, settings: Parameters<Browsers['open']>[1] = wide, of = site): Promise<Page> {
  const hears = "window.heard = []; addEventListener('DOMContentLoaded', () => 0); document.addEventListener('souk:ready', ({ detail }) => { for (const name of ['open', 'close', 'unread', 'token', 'refused', 'ready']) detail.on(name, (value) => heard.push([name, value])) });"
  pages[`/${name}`] = { tag: `data-shop="${shop.shop}" ${tag}`, ...more, own: hears + (more.own ?? '') }
  const page = await browsers.open('about:blank', settings)
  page.on('request', (request) => asked.push(`${request.url()} ${request.headers().referer ?? ''}`))
  await page.goto(`${of.origin}/${name}`)
  await page.waitForFunction(() => 'Souk' in window)
  return page
}

/** The site knows its user when it draws the page. */
const word = (sub: string) => signed(key, { iss: shop.shop, sub, name: sub })
const knows = (sub: string) => `document.addEventListener('souk:ready', ({ detail }) => detail.identify(async () => '${word(sub)}'));`
const chatOf = (page: Page): FrameLocator => page.frameLocator('souk-chat iframe')
const button = (page: Page) => page.locator('souk-chat button.round')
const heard = (page: Page) => page.evaluate(() => (window as never as { heard: [string, unknown][] }).heard)
const souk = (page: Page, deed: string) => page.evaluate(`Souk.${deed}`)

/** What Olga sees of the customer who calls themselves so. */
async function conversationOf(name: string) {
  const found = () => [...olga.all.values()].find((one) => one.about.value.title === name)
  await until(() => !!found(), `there is a conversation with ${name}`)
  return found() as NonNullable<ReturnType<typeof found>>
}

test('a shop’s own user chats on the shop’s own site', { timeout: 120_000 }, async () => {
  const page = await visit('user', { own: knows('Ann'), tag: 'data-color="#ffcc00"' })
  await until(async () => (await heard(page)).some(([name]) => name === 'ready'), 'the frame is there')
  expect(olga.all.size).toBe(0)
  await browsers.shot(page, 'embed-closed')
  await button(page).click()
  const chat = chatOf(page)
  await chat.getByRole('textbox').fill('Is there spring tea?')
  await page.keyboard.press('Enter')
  await chat.getByRole('log').getByText('Is there spring tea?').waitFor()
  const talk = await conversationOf('Ann')
  olga.say({ conversation_id: talk.id, text: 'Since this morning' })
  await chat.getByText('Since this morning').waitFor()
  await browsers.shot(page, 'embed-open')
  await until(() => talk.readByOthers.value > 1, 'what is open is read')

  await page.keyboard.press('Escape')
  await page.locator('souk-chat dialog').waitFor({ state: 'hidden' })
  expect(await page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.className)).toMatch(/round/)
  const read = talk.readByOthers.value
  olga.say({ conversation_id: talk.id, text: 'Shall I put some aside?' })
  await page.getByRole('button', { name: 'Chat with us, 1 unread' }).waitFor()
  await browsers.shot(page, 'embed-unread')
  expect(talk.readByOthers.value).toBe(read)
  await button(page).press('Enter')
  await chat.getByText('Shall I put some aside?').waitFor()
  await page.getByRole('button', { name: 'Chat with us', exact: true }).waitFor()
  const names = (await heard(page)).map(([name, value]) => (name === 'unread' ? `${name} ${value}` : name))
  expect(names).toEqual(['ready', 'open', 'close', 'unread 1', 'open', 'unread 0'])
  expect(browsers.troubles.splice(0)).toEqual([])
})

test('the whole shop is in it, and nothing of the site is changed', { timeout: 120_000 }, async () => {
  const page = await visit('shop', { own: knows('Bob') })
  const marks = () => page.evaluate(() => [document.body.childElementCount, getComputedStyle(document.querySelector('h1') as Element).color, document.documentElement.scrollWidth, document.documentElement.scrollHeight])
  const before = await marks()
  await souk(page, 'open()')
  const chat = chatOf(page)
  await chat.getByRole('link', { name: 'Shop' }).click()
  await chat.getByRole('link', { name: /Spring tea/ }).click()
  await chat.getByRole('button', { name: 'Ask in the chat' }).waitFor()
  await browsers.shot(page, 'embed-shop')
  await souk(page, 'close()')
  expect(await marks()).toEqual(before)
  const added = await page.evaluate(() => Object.getOwnPropertyNames(window).filter((name) => !(window as never as { before: string[] }).before.includes(name)))
  expect(added.filter((name) => !['before', 'heard'].includes(name) && Number.isNaN(Number(name)))).toEqual(['Souk'])
  // The word of the shop is in no address, and no address of the site in a request.
  expect(asked.length).toBeGreaterThan(10)
  expect(asked.filter((one) => /eyJ/.test(one))).toEqual([])
  expect(asked.filter((one) => one.startsWith(server.url) && one.includes(`${site.origin}/`) && !one.includes('/widget.js'))).toEqual([])
  expect(browsers.troubles.splice(0)).toEqual([])
})

test('whoever the site does not know logs in by phone', { timeout: 120_000 }, async () => {
  const page = await visit('stranger', { lang: 'zh-CN', tag: 'data-position="left"' }, { ...phone, locale: 'en' })
  expect(asked.splice(0).length && (await page.locator('souk-chat iframe').getAttribute('src'))).toBeNull()
  await page.getByRole('button', { name: '在线客服' }).click()
  const chat = chatOf(page)
  await chat.getByRole('button', { name: '我是新客户' }).click()
  const number = newPhone()
  await chat.getByRole('textbox', { name: '手机号' }).fill(number)
  await chat.getByRole('textbox', { name: '怎么称呼您' }).fill('安')
  await browsers.shot(page, 'embed-phone-login')
  await chat.getByRole('button', { name: '获取验证码' }).click()
  const hint = await chat.getByText(/验证码是 \d{6}/).textContent()
  await chat.getByRole('textbox', { name: '验证码' }).fill(hint?.match(/\d{6}/)?.[0] ?? '')
  await page.keyboard.press('Enter')
  await chat.getByRole('textbox', { name: '写点什么' }).fill('还有春茶吗？')
  await page.keyboard.press('Enter')
  await chat.getByRole('log').getByText('还有春茶吗？').waitFor()
  await browsers.shot(page, 'embed-phone-chat')
  const box = await page.locator('souk-chat dialog').boundingBox()
  expect(box).toEqual({ x: 0, y: 0, width: 360, height: 740 })
  await page.getByRole('button', { name: '关闭' }).click()
  // On the next page of the site what is unread is there by itself.
  await page.reload()
  const talk = await conversationOf('安')
  olga.say({ conversation_id: talk.id, text: '有的' })
  await page.getByRole('button', { name: '在线客服, 1 条未读' }).waitFor()
  expect(browsers.troubles.splice(0)).toEqual([])
})

test('a site that is not listed shows nothing, and says how to be listed', { timeout: 120_000 }, async () => {
  const other = await Site.open(server.url, (path) => pages[path] ?? { tag: '' })
  const page = await visit('other', {}, wide, other)
  await button(page).click()
  await page.getByRole('link', { name: 'Open it in a new window' }).waitFor()
  await browsers.shot(page, 'embed-refused')
  expect(page.frames().filter((one) => one.url().startsWith(server.url))).toEqual([])
  const troubles = browsers.troubles.splice(0).join('\n')
  expect(troubles).toContain('frame-ancestors')
  expect(troubles).toContain(`Is ${other.origin} on the shop's list of sites`)
  for (const path of ['/', '/desk', '/centre']) {
    const src = server.url + path
    await page.evaluate((src) => document.body.append(Object.assign(document.createElement('iframe'), { src })), src)
  }
  await until(() => browsers.troubles.length >= 3, 'each of them is refused')
  expect(browsers.troubles.splice(0).every((one) => /frame-ancestors|X-Frame-Options/.test(one))).toBe(true)
  other.close()
})

test('where frames may keep nothing the chat is there for the visit', { timeout: 120_000 }, async () => {
  const page = await browsers.open('about:blank', wide)
  await page.context().addInitScript(() => {
    if (!location.pathname.startsWith('/embed/')) return
    const denied = () => {
      throw new DOMException('denied', 'SecurityError')
    }
    Object.defineProperty(window, 'localStorage', { get: denied, configurable: true })
    Object.defineProperty(navigator, 'locks', { value: { request: denied }, configurable: true })
  })
  pages['/denied'] = { tag: `data-shop="${shop.shop}"`, own: knows('Cid') }
  await page.goto(`${site.origin}/denied`)
  await button(page).click()
  const chat = chatOf(page)
  await chat.getByRole('textbox').fill('Hello from nowhere')
  await page.keyboard.press('Enter')
  await chat.getByRole('log').getByText('Hello from nowhere').waitFor()
  expect(browsers.troubles.splice(0)).toEqual([])
})

test('whoever has logged out of the site leaves nothing open', { timeout: 120_000 }, async () => {
  const page = await visit('leaves', { own: knows('Dora') })
  await button(page).click()
  const chat = chatOf(page)
  await chat.getByRole('textbox').fill('A secret of Dora’s')
  await page.keyboard.press('Enter')
  await chat.getByRole('log').getByText('A secret').waitFor()
  // Logged out, and the site did not say so: on its next page nobody is known.
  pages['/leaves'] = { tag: `data-shop="${shop.shop}"` }
  await page.reload()
  await button(page).click()
  await chat.getByRole('button', { name: 'Send me a code' }).waitFor()
  // The next user is another customer.
  pages['/leaves'] = { tag: `data-shop="${shop.shop}" data-token="${word('Emil')}"` }
  await page.reload()
  await button(page).click()
  await chat.getByRole('textbox').waitFor()
  expect(await chat.getByText('A secret').count()).toBe(0)
  await souk(page, 'forget()')
  await chat.getByRole('button', { name: 'Send me a code' }).waitFor()
  const kept = await page.frames().find((one) => one.url().includes('/embed/'))?.evaluate(() => localStorage.length)
  expect(kept).toBe(0)
  expect(browsers.troubles.splice(0)).toEqual([])
})

test('whoever leaves is gone, also while the chat is on its way and while they are let in', { timeout: 120_000 }, async () => {
  const page = await visit('gone', { own: knows('Gus') })
  await button(page).click()
  const chat = chatOf(page)
  await chat.getByRole('textbox').waitFor()
  // Logged out on the next page, before the frame is there.
  pages['/gone'] = { tag: `data-shop="${shop.shop}"`, own: "document.addEventListener('souk:ready', ({ detail }) => detail.forget());" }
  await page.reload()
  const kept = () => page.frames().find((one) => one.url().includes('/embed/'))?.evaluate(() => Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? '').filter((name) => /session|visitor/.test(name)))
  await until(async () => (await kept()?.catch(() => undefined))?.length === 0, 'nothing of Gus is kept')
  // Let in, and logged out before the server has said so.
  await button(page).click()
  await chat.getByRole('button', { name: 'Send me a code' }).waitFor()
  let letIn = () => {}
  const held = new Promise<void>((go) => (letIn = go))
  await page.route('**/api/v1/embed/sessions', async (route) => {
    await held
    await route.continue()
  })
  const coming = page.waitForRequest('**/api/v1/embed/sessions')
  await souk(page, `identify('${word('Hal')}')`)
  await coming
  await souk(page, 'forget()')
  const answered = page.waitForResponse('**/api/v1/embed/sessions')
  letIn()
  await answered
  await chat.getByRole('button', { name: 'Send me a code' }).waitFor()
  await until(async () => (await kept())?.length === 0, 'nothing of Hal is kept')
  expect(browsers.troubles.splice(0)).toEqual([])
})

test('the signing examples of the page are played, as they are written', { timeout: 60_000 }, async () => {
  const page = readFileSync('../docs/for-embedding.md', 'utf8')
  const example = (language: string) => page.split(`\n\`\`\`${language}\n`)[1]?.split('\n```')[0] ?? ''
  const env = { ...process.env, SOUK_KEY_ID: key.id, SOUK_SHOP: shop.shop, SOUK_SECRET: key.secret }
  const python = execFileSync('python3', ['-c', `${example('python')}\nprint(chat_token("u-7", "茶友 Ida"))`], { env, encoding: 'utf8' })
  const script = `${example('js')}\nconsole.log(await chatToken('u-7', '茶友 Ida'))`
  const node = execFileSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' })
  const users: { id: string; name: string }[] = []
  for (const token of [python.trim(), node.trim()]) {
    const answer = await fetch(`${server.url}/api/v1/embed/sessions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) })
    expect(answer.ok).toBe(true)
    users.push(((await answer.json()) as { user: { id: string; name: string } }).user)
  }
  expect(users[0]).toMatchObject({ name: '茶友 Ida' })
  expect(users[1]?.id).toBe(users[0]?.id)
})

test('only the shop’s own word is taken, and only from the site’s own window', { timeout: 120_000 }, async () => {
  const rival = await merchant(server, 'Rita')
  const theirs = signed(key, { iss: rival.shop, sub: 'Ann' })
  const page = await visit('wrong', { tag: `data-token="${theirs}"` })
  await until(async () => (await heard(page)).some(([name]) => name === 'refused'), 'the word is refused')
  await button(page).click()
  const chat = chatOf(page)
  await chat.getByText('This site could not log you in to the chat.').waitFor()
  await browsers.shot(page, 'embed-failed')
  expect(await heard(page)).toContainEqual(['refused', 'embed_token_invalid'])

  // Somebody else's frame on the site says what the chat or the site would say.
  await souk(page, `identify('${word('Fay')}')`)
  await chat.getByRole('textbox').waitFor()
  await page.evaluate(() => {
    window.postMessage({ souk: 'unread', count: 99, known: true }, '*')
    document.body.append(document.createElement('iframe'))
  })
  const stranger = page.frames().find((one) => one.parentFrame() === page.mainFrame() && !one.url().includes('/embed/'))
  expect(stranger).toBeDefined()
  await stranger?.evaluate(() => {
    // A frame in a shadow is not among `parent.frames`.
    const chat = parent.document.querySelector('souk-chat')?.shadowRoot?.querySelector('iframe')?.contentWindow as Window
    for (const souk of ['hello', 'forget', 'close']) chat.postMessage({ souk, open: true, waits: false }, '*')
    parent.postMessage({ souk: 'close' }, '*')
  })
  for (const words of ['Still here', 'And here']) {
    await chat.getByRole('textbox').fill(words)
    await page.keyboard.press('Enter')
    await chat.getByRole('log').getByText(words).waitFor()
    expect(await page.locator('souk-chat dialog').isVisible()).toBe(true)
    await souk(page, 'close()')
    await souk(page, 'open()')
  }
  expect(await page.locator('souk-chat .count').isVisible()).toBe(false)
  browsers.troubles.length = 0
})

test('nobody is kept from using the button and the frame', { timeout: 120_000 }, async () => {
  const page = await visit('sight', { own: knows('Gil') })
  await button(page).click()
  await chatOf(page).getByRole('textbox').waitFor()
  const faults = await faultsInBothLights(page)
  expect(faults.filter((one) => /souk-chat|iframe/.test(JSON.stringify(one)))).toEqual([])
  browsers.troubles.length = 0
})

test('outside of a frame the customers’ page is shown', { timeout: 60_000 }, async () => {
  const page = await browsers.open(`/embed/${shop.shop}`, wide)
  await page.waitForURL((url) => url.pathname === '/')
  await page.getByRole('button', { name: 'Send me a code' }).waitFor()
  expect(browsers.troubles.splice(0)).toEqual([])
})

test('the owner lists a site and makes a signing key in the centre', { timeout: 120_000 }, async () => {
  const page = await browsers.openAs(shop.person, '/centre#settings', { viewport: { width: 1280, height: 900 }, locale: 'en' })
  const own = page.getByRole('article').filter({ hasText: 'The chat on your own site' })
  const dialog = page.getByRole('dialog')
  await own.getByText(site.origin).waitFor()
  await own.getByText(`data-shop="${shop.shop}"`).waitFor()
  await own.getByRole('button', { name: 'Change: Sites' }).click()
  await dialog.getByRole('textbox').fill('https://tea.example/shop')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByRole('alert').waitFor()
  await dialog.getByRole('textbox').fill(`${site.origin}\nhttps://www.tea.example`)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await own.getByText('https://www.tea.example').waitFor()
  await own.getByRole('button', { name: 'New signing key' }).click()
  await dialog.getByRole('button', { name: 'New signing key' }).click()
  await own.getByText('Shown only once').waitFor()
  await own.scrollIntoViewIfNeeded()
  await browsers.shot(page, 'embed-centre')
  browsers.troubles.length = 0
})
