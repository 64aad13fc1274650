import { onBeforeUnmount, onMounted } from 'vue'

/** What a key does, and how it is told on the sheet. */
export interface Key {
  /** As it is printed: `Alt+J`. */
  keys: string
  says(): string
  press(): void
}

/** Listens for them wherever the focus is. */
export function useKeys(keys: Key[]) {
  function pressed(event: KeyboardEvent) {
    const key = keys.find((one) => one.keys === printed(event))
    if (!key) return
    event.preventDefault()
    key.press()
  }
  onMounted(() => addEventListener('keydown', pressed))
  onBeforeUnmount(() => removeEventListener('keydown', pressed))
}

/** Letters by where they are on the keyboard: with Alt some systems print others. */
function printed(event: KeyboardEvent): string {
  const letter = event.code.startsWith('Key') ? event.code.slice(3) : event.key
  const held = [event.ctrlKey || event.metaKey ? 'Ctrl' : '', event.altKey ? 'Alt' : '', letter]
  return held.filter(Boolean).join('+')
}
