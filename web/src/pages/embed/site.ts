import type { ToFrame, ToSite } from '../../widget/messages'

/** Where the site is: that of the first word from the window that shows this frame. The server lets no other sites than the shop's
 * own show it (`frame-ancestors`), and a window that goes elsewhere takes its frames with it. */
let site = ''
let hear: (message: ToFrame) => void = (message) => early.push(message)
const early: ToFrame[] = []

addEventListener('message', ({ source, origin, data }: MessageEvent<ToFrame | undefined>) => {
  if (source !== parent || origin === 'null' || !data?.souk) return
  if (!site && data.souk === 'hello') site = origin
  if (origin === site) hear(data)
})

/** Tells the site, once it has spoken. */
export function tell(message: ToSite) {
  if (site) parent.postMessage(message, site)
}

/** Hears the site from now on, and what it has said before. */
export function listen(heard: (message: ToFrame) => void) {
  hear = heard
  for (const message of early.splice(0)) heard(message)
}
