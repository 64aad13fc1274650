import { type About, leadsTo } from './leads_to'
import { said } from './said'

/** What shows a push while no page is open, and leads to what it is about. It keeps nothing and serves nothing: pages come from the server. */
declare const self: Scope

/** What of a service worker's world is used here: its own types and a page's do not go together. */
interface Scope {
  location: Location
  registration: ServiceWorkerRegistration
  clients: {
    claim(): Promise<void>
    matchAll(which: { type: 'window'; includeUncontrolled: boolean }): Promise<Page[]>
    openWindow(url: string): Promise<unknown>
  }
  skipWaiting(): Promise<void>
  addEventListener(name: 'install' | 'activate', hear: (event: Lasting) => void): void
  addEventListener(name: 'push', hear: (event: Lasting & { data: { json(): unknown } | null }) => void): void
  addEventListener(name: 'notificationclick', hear: (event: Lasting & { notification: Notification }) => void): void
}
interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void
}
/** A window that is open. */
interface Page {
  url: string
  focus(): Promise<unknown>
  navigate(url: string): Promise<unknown>
  postMessage(message: unknown): void
}

/** An alert, as the server sends it (docs/protocol.md, part 8). */
interface Alert extends About {
  id: string
  kind: string
  text: string
}

self.addEventListener('install', () => void self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('push', (event) => {
  const alert = event.data?.json() as Alert
  const { title, body } = said(alert, navigator.language)
  // What calls to one conversation stands there once.
  const tag = alert.kind === 'new_message' ? alert.conversation_id : alert.id
  event.waitUntil(self.registration.showNotification(title, { body, tag, icon: '/favicon.svg', data: placeOf(alert) }))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(goTo(new URL(event.notification.data as string, self.location.origin)))
})

/** A customer's page is `/`, the desk has an address of its own. */
function placeOf(alert: Alert): string {
  if (alert.kind === 'new_message') return `/#${alert.conversation_id}`
  const place = leadsTo(alert)
  return place.startsWith('#') ? `/desk${place}` : place
}

/** In the window that is there, else in a new one. */
async function goTo(url: URL) {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const there = windows.find((one) => new URL(one.url).pathname === url.pathname)
  if (!there) return void (await self.clients.openWindow(url.href))
  // A window that is not ours yet cannot be led; it is told.
  await there.navigate(url.href).catch(() => there.postMessage({ go: url.hash.slice(1) }))
  await there.focus()
}
