import { shallowRef } from 'vue'

/** What was just done, said for a moment at the edge of the page. */
export const saidNow = shallowRef('')
let fading: ReturnType<typeof setTimeout> | undefined

export function say(words: string) {
  saidNow.value = words
  clearTimeout(fading)
  fading = setTimeout(() => (saidNow.value = ''), 4_000)
}
