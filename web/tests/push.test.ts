import { createECDH, randomBytes } from 'node:crypto'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browsers } from './support/browser'
import { customer, merchant, type Person } from './support/people'
import { TestServer, until } from './support/server'

const phone = { viewport: { width: 360, height: 740 }, locale: 'en', hasTouch: true }
const wide = { viewport: { width: 1360, height: 860 }, locale: 'en' }
let server: TestServer
let browsers: Browsers
let shop: { person: Person; shop: string }
let ann: Person
let chat = ''

beforeAll(async () => {
  server = await TestServer.start('--set', 'push.provider=sink')
  shop = await merchant(server, 'Olga')
  ann = await customer(server, 'Ann')
  const line = ann.page()
  await until(() => line.socket.state.value === 'live', 'the line is live')
  chat = (await line.open(shop.shop)).id
  line.socket.stop()
  browsers = await Browsers.of(server)
})
afterAll(async () => {
  await browsers?.close()
  await server?.stop()
})

/** There is no push service here: the double stands in the place where a browser asks one for a subscription. Everything else is real, the server that seals
 * and brings, and the worker that shows. */
async function withService(page: Page) {
  const keys = { p256dh: createECDH('prime256v1').generateKeys('base64url'), auth: randomBytes(16).toString('base64url') }
  const subscription = { endpoint: `https://push.example.com/${randomBytes(8).toString('hex')}`, expirationTime: null, keys }
  await page.addInitScript((told) => {
    const made = () => ({ ...told, toJSON: () => told, unsubscribe: async () => (localStorage.removeItem('test.push'), true) }) as unknown as PushSubscription
    PushManager.prototype.subscribe = async () => (localStorage.setItem('test.push', 'on'), made())
    PushManager.prototype.getSubscription = async () => (localStorage.getItem('test.push') ? made() : null)
  }, subscription)
  await page.reload()
}

const summary = (page: Page, words: string) => page.locator('summary', { hasText: words })

/** What was brought to somebody, as the development profile shows it. */
async function brought(to: Person): Promise<string[]> {
  const { pushes } = (await (await fetch(`${server.url}/api/v1/dev/pushes`)).json()) as { pushes: { user_id: string; text: string }[] }
  return pushes.filter((one) => one.user_id === to.id).map(({ text }) => text)
}

/** As the browser hands a push to the page's worker; ends when something stands on the screen. To ask for it meanwhile could take it away: the browser
 * forgets what it does not find on the screen yet. */
async function deliver(page: Page, alert: object) {
  const devtools = await page.context().newCDPSession(page)
  const displayed = new Promise<void>((found) => {
    devtools.on('BackgroundService.backgroundServiceEventReceived', ({ backgroundServiceEvent: { eventName } }) => eventName.includes('displayed') && found())
  })
  await devtools.send('BackgroundService.startObserving', { service: 'notifications' })
  await devtools.send('BackgroundService.setRecording', { service: 'notifications', shouldRecord: true })
  const registered = new Promise<string>((found) => {
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => registrations[0] && found(registrations[0].registrationId))
  })
  await devtools.send('ServiceWorker.enable')
  await devtools.send('ServiceWorker.deliverPushMessage', { origin: server.url, registrationId: await registered, data: JSON.stringify(alert) })
  await displayed
}

/** What stands on the screen. */
const shown = (page: Page) =>
  page.evaluate(async () => {
    const [registration] = await navigator.serviceWorker.getRegistrations()
    return (await registration?.getNotifications())?.map(({ title, body, tag }) => ({ title, body, tag })) ?? []
  })

/** A hand would press it; here the worker is told that one did. That windows come to the front is for hands alone. */
async function pressNotification(page: Page) {
  const worker = page.context().serviceWorkers().at(-1)
  if (!worker) throw new Error('no worker works')
  await worker.evaluate(async () => {
    const scope = globalThis as unknown as { registration: ServiceWorkerRegistration; dispatchEvent(event: Event): void }
    const [notification] = await scope.registration.getNotifications()
    if (!notification) throw new Error('nothing is shown')
    scope.dispatchEvent(Object.assign(new Event('notificationclick'), { notification, waitUntil: () => undefined }))
  })
}

test('a customer switches notifications on, is told while away, and comes back by the notification', { timeout: 120_000 }, async () => {
  const page = await browsers.openAs(ann, '/', { ...phone, permissions: ['notifications'] })
  await withService(page)
  await summary(page, 'Notifications · off').click()
  expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0)
  await browsers.shot(page, 'push-off')
  await page.getByRole('button', { name: 'Switch on' }).click()
  await summary(page, 'Notifications · on').waitFor()
  await browsers.shot(page, 'push-on')
  await page.reload()
  await summary(page, 'Notifications · on').waitFor()

  await page.goto('about:blank')
  const desk = shop.person.page()
  await until(() => desk.socket.state.value === 'live', 'the line is live')
  desk.say({ conversation_id: chat, text: 'Your cake is ready' })
  await until(async () => (await brought(ann)).length > 0, 'she is called')
  expect(await brought(ann)).toEqual(['Olga’s shop'])
  desk.socket.stop()

  await page.goto(`${server.url}/`)
  await summary(page, 'Notifications · on').waitFor()
  await deliver(page, { id: 'a', kind: 'new_message', shop_id: shop.shop, conversation_id: chat, order_id: '', case_id: '', customer_id: '', text: 'Olga’s shop', at: 0, sound: false })
  expect(await shown(page)).toEqual([{ title: 'Olga’s shop', body: 'New message', tag: chat }])
  await pressNotification(page)
  await page.getByRole('log').getByText('Your cake is ready').waitFor()
  expect(new URL(page.url()).hash).toBe(`#${chat}`)

  await page.getByRole('link', { name: 'Back' }).click()
  await summary(page, 'Notifications · on').click()
  await page.getByRole('button', { name: 'Switch off' }).click()
  await summary(page, 'Notifications · off').waitFor()
  await page.getByRole('button', { name: 'Switch on' }).click()
  await summary(page, 'Notifications · on').waitFor()
  expect(browsers.troubles.splice(0)).toEqual([])
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('button', { name: 'Send me a code' }).waitFor()
  await until(() => page.evaluate(() => localStorage.getItem('test.push') === null && localStorage.getItem('souk.push.customer') === null), 'nothing of it is left')
  await page.close()
})

test('what cannot be is said: not allowed, not possible, no push service', { timeout: 90_000 }, async () => {
  const bob = await customer(server, 'Bob')
  const denied = await browsers.openAs(bob, '/', { ...phone, locale: 'zh-CN', colorScheme: 'dark' })
  await denied.addInitScript(() => Object.defineProperty(Notification, 'permission', { get: () => 'denied' }))
  await denied.reload()
  await summary(denied, '消息通知 · 未获允许').click()
  await denied.getByText('浏览器不允许本页显示通知').waitFor()
  expect(await denied.getByRole('button', { name: '开启' }).count()).toBe(0)
  await browsers.shot(denied, 'push-denied-zh')
  await denied.addInitScript(() => Reflect.deleteProperty(globalThis, 'PushManager'))
  await denied.reload()
  await summary(denied, '消息通知 · 此处不可用').waitFor()
  await denied.close()

  const alone = await browsers.openAs(bob, '/', { ...phone, permissions: ['notifications'] })
  await alone.addInitScript(() => (PushManager.prototype.subscribe = () => Promise.reject(new DOMException('Registration failed - push service error', 'AbortError'))))
  await alone.reload()
  await summary(alone, 'Notifications · off').click()
  await alone.getByRole('button', { name: 'Switch on' }).click()
  await alone.getByRole('alert').getByText('push service cannot be reached').waitFor()
  await summary(alone, 'Notifications · off').waitFor()
  await browsers.shot(alone, 'push-failed')
  await alone.close()
  browsers.troubles.splice(0)
})

test('an agent is reached while the desk is closed, by the kind of alert and no more', { timeout: 90_000 }, async () => {
  const desk = await browsers.openAs(shop.person, '/desk', { ...wide, permissions: ['notifications'] })
  await withService(desk)
  await desk.getByRole('button', { name: /[Aa]lerts/ }).click()
  await desk.getByRole('button', { name: 'Reach me while the desk is closed' }).click()
  await desk.getByRole('button', { name: 'Reached while the desk is closed' }).waitFor()
  await browsers.shot(desk, 'push-desk')
  await deliver(desk, { id: 'b', kind: 'new_order', shop_id: shop.shop, conversation_id: chat, order_id: '', case_id: '', customer_id: ann.id, text: 'WS1 of Ann', at: 0, sound: true })
  expect(await shown(desk)).toEqual([{ title: 'New order', body: '', tag: 'b' }])
  await pressNotification(desk)
  await desk.getByRole('log').waitFor()
  expect(new URL(desk.url())).toMatchObject({ pathname: '/desk', hash: `#${chat}` })
  await desk.getByRole('button', { name: 'Log out' }).click()
  await until(() => desk.evaluate(() => localStorage.getItem('test.push') === null), 'nothing of it is left')
  await desk.close()
})
