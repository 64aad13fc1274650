import { computed, onBeforeUnmount, onMounted, shallowRef } from 'vue'
import { told } from '../rest'
import type { Session } from '../session'

/** Whether this browser is called while no page of ours is open. `unsupported`: it cannot; `denied`: its settings forbid it. */
export type NotifyState = 'unsupported' | 'denied' | 'on' | 'off'

interface Types {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string }
}

/** The one script that a page may name by its address; a policy of this name is made once. */
let script: string | undefined
function workerScript(): string {
  const types = (globalThis as { trustedTypes?: Types }).trustedTypes
  script ??= types?.createPolicy('souk', { createScriptURL: () => '/push.js' }).createScriptURL('') ?? '/push.js'
  return script
}

const isSupported = isSecureContext && 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis

/** Calls to this browser: switched on by its people with a press and never by itself, and off when they log out.
 *
 * @param scope The address of the page. Each page has a subscription of its own, so that a browser can be called for two accounts. */
export function useNotify(session: Session, scope: '/' | '/desk') {
  const permission = shallowRef<NotificationPermission>(isSupported ? Notification.permission : 'denied')
  /** The server has said so. */
  const isOn = shallowRef(false)
  const state = computed<NotifyState>(() => {
    if (!isSupported) return 'unsupported'
    if (permission.value === 'denied') return 'denied'
    return isOn.value && permission.value === 'granted' ? 'on' : 'off'
  })
  const mark = `souk.push.${session.account}`
  const user = session.user?.id ?? ''

  /** The registration of this page, if there is one: that of another page reaches further. */
  async function registered() {
    const found = await navigator.serviceWorker.getRegistration(scope)
    return found?.scope === new URL(scope, location.origin).href ? found : undefined
  }

  /** Whoever switched it on before has it on: but the server is asked, for it may have forgotten. */
  async function recall() {
    if (!isSupported || localStorage.getItem(mark) !== user) return
    const subscription = await (await registered())?.pushManager.getSubscription()
    if (subscription) await tell(subscription)
  }

  async function tell(subscription: PushSubscription) {
    await session.rest.PUT('/api/v1/me/push', { body: subscription.toJSON() as never })
    localStorage.setItem(mark, user)
    isOn.value = true
  }

  /** Refused when the server refuses; throws when the browser's push service cannot be reached. */
  async function switchOn() {
    permission.value = await Notification.requestPermission()
    if (permission.value !== 'granted') return
    const { public_key } = await told(session.rest.GET('/api/v1/push/key'))
    const { pushManager } = await active(await navigator.serviceWorker.register(workerScript(), { scope }))
    // One that is left may be of another key, or of somebody else.
    await (await pushManager.getSubscription())?.unsubscribe()
    const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: public_key })
    await tell(subscription).catch(async (error: unknown) => {
      await subscription.unsubscribe()
      throw error
    })
  }

  async function switchOff() {
    await session.rest.DELETE('/api/v1/me/push')
    await forget()
  }

  /** Nothing of it stays in this browser. */
  async function forget() {
    isOn.value = false
    localStorage.removeItem(mark)
    await (await (await registered())?.pushManager.getSubscription())?.unsubscribe()
  }

  function follow({ data }: MessageEvent<{ go?: string }>) {
    if (typeof data.go === 'string') location.hash = data.go
  }

  onMounted(() => {
    if (!isSupported) return
    navigator.serviceWorker.addEventListener('message', follow)
    void recall().catch(() => undefined)
  })
  onBeforeUnmount(() => {
    if (!isSupported) return
    navigator.serviceWorker.removeEventListener('message', follow)
    // The server has ended it with the session.
    if (!session.user && localStorage.getItem(mark) === user) void forget().catch(() => undefined)
  })

  return { state, switchOn, switchOff }
}

/** A registration whose worker works. */
async function active(registration: ServiceWorkerRegistration): Promise<ServiceWorkerRegistration> {
  const coming = registration.installing ?? registration.waiting
  if (!registration.active && coming) {
    await new Promise<void>((works) => coming.addEventListener('statechange', () => coming.state === 'activated' && works()))
  }
  return registration
}
