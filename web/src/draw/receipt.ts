import * as fair from './fair'
import type { DrawFile } from './file'
import { Unfit } from './paper'

/** What one keeps of having taken part. */
export interface Receipt {
  draw_id: string
  commitment: string
  person: string
  salt: string
  tickets: { number: number; link: string }[]
}

/** Whether somebody's tickets are in it as they were when they entered, and are theirs. Throws `Unfit` at the first that is not.
 *
 * @param user Whose receipt it is, if that is known: then their name in the list must be theirs as well. */
export async function verifyReceipt({ draw_id, commitment, tickets }: DrawFile, receipt: Receipt, user = '') {
  const is = receipt.draw_id === draw_id && receipt.commitment === commitment
  if (!is) throw new Unfit('receipt', 'wrong_receipt')
  if (user && receipt.person !== (await fair.pseudonym(draw_id, user, receipt.salt))) throw new Unfit('receipt', 'wrong_person')
  for (const kept of receipt.tickets) {
    // Whoever tells of it may tell anything.
    if (!isTicket(kept)) throw new Unfit('receipt', 'wrong_ticket')
    const listed = tickets[kept.number - 1]
    const same = listed?.number === kept.number && listed.person === receipt.person && listed.link === kept.link
    if (!same) throw new Unfit(`receipt, tickets[${kept.number - 1}]`, 'wrong_ticket')
  }
}

const isTicket = (one: Partial<Receipt['tickets'][number]> | null) => Number.isSafeInteger(one?.number) && typeof one?.link === 'string'

/** A receipt that somebody has pasted; nothing if it is none, or has no ticket. */
export function readReceipt(text: string): Receipt | undefined {
  try {
    const { draw_id, commitment, person, salt, tickets } = JSON.parse(text) as Receipt
    const isWhole = [draw_id, commitment, person, salt].every((one) => typeof one === 'string') && Array.isArray(tickets)
    const isTaken = isWhole && tickets.length > 0 && tickets.every(isTicket)
    return isTaken ? { draw_id, commitment, person, salt, tickets } : undefined
  } catch {
    return undefined
  }
}
