import { stored } from '../stored'

/** What this device saw of a closed list, and when: before the round began, nobody could know what it would decide. */
export interface SeenClose {
  close: string
  round: number
  /** Milliseconds since 1970, by this device's clock. */
  seen_at: number
}

const key = (draw: string) => `souk.close.${draw}`

export function closeOf(draw: string): SeenClose | undefined {
  return stored(key(draw))
}

/** It is kept as it was when it was met first. */
export function keepClose(draw: string, close: string, round: number) {
  const seen: SeenClose = closeOf(draw) ?? { close, round, seen_at: Date.now() }
  localStorage.setItem(key(draw), JSON.stringify(seen))
}
