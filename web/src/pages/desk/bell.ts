import { shallowRef } from 'vue'
import type { Alert } from './alerts'

/** Whether alerts are heard on this device: its people switch that on, and it stays so. */
export const isLoud = shallowRef(localStorage.getItem('souk.sound') === 'on')
/** What the browser lets us show while nobody looks at the page. */
export const mayNotify = shallowRef<NotificationPermission>(globalThis.Notification?.permission ?? 'denied')

let audio: AudioContext | undefined

/** Browsers are silent until somebody has touched the page: with the first touch they are asked again. */
function wake() {
  if (!isLoud.value) return
  audio ??= new AudioContext()
  if (audio.state === 'suspended') void audio.resume()
}
for (const touch of ['pointerdown', 'keydown']) addEventListener(touch, wake)

export function switchSound() {
  isLoud.value = !isLoud.value
  localStorage.setItem('souk.sound', isLoud.value ? 'on' : 'off')
  wake()
  if (isLoud.value) chime()
}

export async function askToNotify() {
  mayNotify.value = await Notification.requestPermission()
}

/** Lets an alert be heard, if it may be and somebody wants that, in one of this browser's pages; and shows it where nobody looks.
 *
 * @param title What kind of alert it is, in words: what it says is not for everybody who stands by. */
export function ring(alert: Alert, title: string, open: () => void) {
  if (alert.sound && isLoud.value && isFirst(alert)) chime()
  if (mayNotify.value !== 'granted' || document.visibilityState === 'visible') return
  const shown = new Notification(title, { tag: alert.id, icon: '/favicon.svg' })
  shown.onclick = () => {
    focus()
    open()
    shown.close()
  }
}

/** Several pages are open, one of them is heard. */
function isFirst({ id }: Alert): boolean {
  if ((localStorage.getItem('souk.heard') ?? '') >= id) return false
  localStorage.setItem('souk.heard', id)
  return true
}

/** Two short tones, made here: there is no file to load. */
function chime() {
  audio ??= new AudioContext()
  const now = audio.currentTime
  for (const [tone, after] of [[880, 0], [1_175, 0.16]] as const) {
    const [from, loudness] = [audio.createOscillator(), audio.createGain()]
    from.frequency.value = tone
    loudness.gain.setValueAtTime(0.16, now + after)
    loudness.gain.exponentialRampToValueAtTime(0.001, now + after + 0.3)
    from.connect(loudness).connect(audio.destination)
    from.start(now + after)
    from.stop(now + after + 0.3)
  }
}
