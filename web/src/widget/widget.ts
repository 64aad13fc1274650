import { draw } from './drawn'
import type { ToFrame, ToSite } from './messages'

/** What the site gives: the shop's signed word for its user, or a way to fetch one; nothing when nobody is logged in there. */
type Word = string | null | undefined
type Identity = Word | (() => Word | Promise<Word>)

/** Milliseconds after which a frame that says nothing was kept from loading. */
const PATIENCE = 10_000

/** The chat of one shop on a site of its own. */
function start(script: HTMLScriptElement, shop: string) {
  const home = new URL(script.src).origin
  const { shadow, button, close, dialog, frame, fails, tell, query } = draw(script.dataset, `${home}/?shop=${encodeURIComponent(shop)}`)
  const listeners: [name: string, hear: (value?: unknown) => void][] = []
  const shelf = `souk.${shop}`
  let identity: Identity = script.dataset.token
  let [isLoaded, isReady, isLeaving, unread, product] = [false, false, false, 0, '']
  /** Several may be under way; the last one asked for counts. */
  let asked = 0

  function emit(name: string, value?: unknown) {
    for (const [of, hear] of listeners) if (of === name) hear(value)
  }

  function say(message: ToFrame) {
    frame.contentWindow?.postMessage(message, home)
  }

  function load() {
    if (isLoaded) return
    isLoaded = true
    frame.onload = () => say({ souk: 'hello', open: dialog.open, waits: !!identity })
    frame.src = `${home}/embed/${encodeURIComponent(shop)}?${query}`
    setTimeout(() => {
      if (isReady) return
      fails.hidden = false
      frame.hidden = true
      console.error(`souk: the chat did not load. Is ${location.origin} on the shop's list of sites, and does this site's policy allow frames of ${home}?`)
    }, PATIENCE)
  }

  async function identified() {
    const turn = ++asked
    let token: Word
    try {
      token = typeof identity === 'function' ? await identity() : identity
    } catch (error) {
      console.error('souk: no token', error)
    }
    if (turn === asked) say({ souk: 'identify', token: token ?? '' })
  }

  function open(about?: unknown) {
    product = typeof about === 'string' ? about : ''
    load()
    if (!dialog.open) {
      if (matchMedia('(max-width:480px)').matches) dialog.showModal()
      else dialog.show()
      tell(unread)
      emit('open')
    }
    frame.focus()
    say({ souk: 'open', product })
  }

  /** Keeps for this browser whether somebody has talked here, if the site's storage may be used. */
  function remember(known: boolean) {
    try {
      if (known) localStorage.setItem(shelf, '1')
      else localStorage.removeItem(shelf)
    } catch {
      // Then the chat is loaded when it is opened.
    }
  }
  function wasHere(): boolean {
    try {
      return localStorage.getItem(shelf) === '1'
    } catch {
      return false
    }
  }

  function hear(message: ToSite) {
    if (message.souk === 'ready') {
      isReady = fails.hidden = true
      frame.hidden = false
      if (isLeaving) say({ souk: 'forget' })
      isLeaving = false
      if (dialog.open) say({ souk: 'open', product })
      emit('ready')
    } else if (message.souk === 'unread') {
      remember(message.known)
      if (message.count === unread) return
      unread = message.count
      tell(unread)
      emit('unread', unread)
    } else if (message.souk === 'close') dialog.close()
    else if (message.souk === 'refused') emit('refused', message.code)
    else {
      // A word that was given once may be too old by now.
      if (typeof identity !== 'function') emit('token')
      void identified()
    }
  }

  addEventListener('message', ({ origin, source, data }: MessageEvent<ToSite | undefined>) => {
    if (origin === home && source === frame.contentWindow && data?.souk) hear(data)
  })
  button.onclick = () => (dialog.open ? dialog.close() : open())
  close.onclick = () => dialog.close()
  shadow.addEventListener('keydown', (event) => (event as KeyboardEvent).key === 'Escape' && dialog.close())
  dialog.onclose = () => {
    tell(unread)
    say({ souk: 'close' })
    emit('close')
  }

  const souk = {
    /** Shows the chat; with a product's id, to ask about that. */
    open,
    close: () => dialog.close(),
    /** Says who the visitor is. */
    identify(who: Identity) {
      identity = who
      if (isReady) void identified()
      else if (who) load()
    },
    /** The visitor has logged out of the site. */
    forget() {
      identity = undefined
      asked++
      remember(false)
      // A frame that is still on its way hears it first of all.
      if (isReady) say({ souk: 'forget' })
      else isLeaving = isLoaded
    },
    /** `ready`, `open`, `close`, `unread`, `token`, `refused`; gives the way to hear no more. */
    on(name: string, listener: (value?: unknown) => void) {
      const one: (typeof listeners)[number] = [name, listener]
      listeners.push(one)
      return () => void listeners.splice(listeners.indexOf(one), 1)
    },
    get unread() {
      return unread
    },
  }
  Object.assign(window, { Souk: souk })
  if (identity || wasHere()) load()
  document.dispatchEvent(new CustomEvent('souk:ready', { detail: souk }))
}

const script = document.currentScript as HTMLScriptElement | null
const shop = script?.dataset.shop
if ('Souk' in window) console.warn('souk: the script is on this page twice')
else if (script && shop) start(script, shop)
else console.error('souk: the script tag names no shop (data-shop)')
