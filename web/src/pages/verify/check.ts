import { shallowRef } from 'vue'
import { type DrawFile, verify } from '../../draw/file'
import { commitmentOf, receiptOf, shareOf } from '../../draw/kept'
import { closeOf } from '../../draw/kept_close'
import { isPacket, type PacketFile, type Share, verifyPacket, verifyShare } from '../../draw/packet'
import { ensure, Unfit } from '../../draw/paper'
import { type Receipt, verifyReceipt } from '../../draw/receipt'
import { loggedIn } from './fetch'

interface Seen {
  /** The commitment stood on the card that this device saw while it was open. */
  seenBefore: boolean
}

/** What came of checking the file of a draw on this device. */
export interface CheckedDraw extends Seen {
  file: DrawFile
  receipt?: Receipt
}

/** The same of a red packet. */
export interface CheckedPacket extends Seen {
  file: PacketFile
  share?: Share
}

/** What one has in hand oneself, of either. */
export type Own = Receipt | Share

/** Checks one file at a time. */
export function useCheck() {
  const draw = shallowRef<CheckedDraw>()
  const packet = shallowRef<CheckedPacket>()
  const unfit = shallowRef<Unfit>()
  const busy = shallowRef(false)

  /** @param own What the page was given, if this device has kept nothing; with the user's id, if it is known whose it is. */
  async function check(bytes: Uint8Array, own?: Own, user = '') {
    busy.value = true
    draw.value = packet.value = unfit.value = undefined
    try {
      if (isPacket(bytes)) packet.value = await checkedPacket(bytes, own as Share | undefined, user)
      else draw.value = await checkedDraw(bytes, own as Receipt | undefined, user)
    } catch (error) {
      if (!(error instanceof Unfit)) throw error
      unfit.value = error
    } finally {
      busy.value = false
    }
  }

  return { draw, packet, unfit, busy, check }
}

async function checkedDraw(bytes: Uint8Array, own: Receipt | undefined, user: string): Promise<CheckedDraw> {
  const file = await verify(bytes)
  requireSameClose(file)
  const seenBefore = isSeen(file.draw_id, file.commitment)
  const me = loggedIn().user?.id ?? ''
  const kept = me ? receiptOf(file.draw_id, me) : undefined
  // What this device has kept counts, whatever the server says of it now.
  if (kept) await verifyReceipt(file, kept, me)
  if (own) await verifyReceipt(file, own, user)
  return { file, seenBefore, receipt: own ?? kept }
}

async function checkedPacket(bytes: Uint8Array, own: Share | undefined, user: string): Promise<CheckedPacket> {
  const file = await verifyPacket(bytes)
  const seenBefore = isSeen(file.red_packet_id, file.commitment)
  const me = loggedIn().user?.id ?? ''
  const kept = me ? shareOf(file.red_packet_id, me) : undefined
  if (kept) await verifyShare(file, kept, me)
  if (own) await verifyShare(file, own, user)
  return { file, seenBefore, share: own ?? kept }
}

function isSeen(id: string, commitment: string): boolean {
  const seen = commitmentOf(id)
  ensure(!seen || seen === commitment, 'commitment', 'wrong_card')
  return !!seen
}

/** A list that this device saw when it was closed is the one in the file, and so is the round. */
function requireSameClose({ draw_id, close }: DrawFile) {
  const seen = closeOf(draw_id)
  if (seen && (seen.close !== close.hash || seen.round !== close.round)) throw new Unfit('close.round, close.hash', 'wrong_card')
}
