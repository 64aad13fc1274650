import { stored } from '../stored'
import type { Share } from './packet'
import type { Receipt } from './receipt'

/** What this device has seen of a draw or a red packet while it was open: whatever the server says afterwards is compared with it. */
const commitmentKey = (draw: string) => `souk.commitment.${draw}`
const receiptKey = (draw: string, user: string) => `souk.receipt.${draw}.${user}`

export function commitmentOf(draw: string): string | undefined {
  return localStorage.getItem(commitmentKey(draw)) ?? undefined
}

/** @param user Whose it is: a device may be used by several people. */
export function receiptOf(draw: string, user: string): Receipt | undefined {
  return stored(receiptKey(draw, user))
}

/** It is kept as it was when it was met first. */
export function keepCommitment(draw: string, commitment: string) {
  localStorage.setItem(commitmentKey(draw), commitmentOf(draw) ?? commitment)
}

/** Tickets are kept as they were when they were met first; those of another person in the list are no part of them. */
export function keepReceipt(draw: string, user: string, receipt: Receipt) {
  const known = receiptOf(draw, user) ?? { ...receipt, tickets: [] }
  if (known.person !== receipt.person) return
  const more = receipt.tickets.filter(({ number }) => known.tickets.every((one) => one.number !== number))
  localStorage.setItem(receiptKey(draw, user), JSON.stringify({ ...known, tickets: [...known.tickets, ...more] }))
}

/** One's own share of a red packet, as it was when it was met first. */
export function shareOf(red_packet: string, user: string): Share | undefined {
  return stored(receiptKey(red_packet, user))
}

export function keepShare(user: string, share: Share) {
  localStorage.setItem(receiptKey(share.red_packet_id, user), JSON.stringify(shareOf(share.red_packet_id, user) ?? share))
}
