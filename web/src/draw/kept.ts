import type { Receipt } from './receipt'

/** What this device has seen of a draw while it was open: whatever the server says afterwards is compared with it. */
export interface Kept {
  commitment: string
  receipt?: Receipt
}

const key = (draw: string) => `souk.draw.${draw}`

export function keptOf(draw: string): Kept | undefined {
  const text = localStorage.getItem(key(draw))
  return text ? (JSON.parse(text) as Kept) : undefined
}

/** Commitment and tickets are kept as they were when they were met first. */
export function keep(draw: string, { commitment, receipt }: Kept) {
  const known = keptOf(draw)
  const tickets = known?.receipt?.tickets ?? []
  const more = receipt?.tickets.filter(({ number }) => tickets.every((one) => one.number !== number)) ?? []
  const both = receipt && { ...receipt, ...known?.receipt, tickets: [...tickets, ...more] }
  localStorage.setItem(key(draw), JSON.stringify({ commitment: known?.commitment ?? commitment, receipt: both ?? known?.receipt }))
}
