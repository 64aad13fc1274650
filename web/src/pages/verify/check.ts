import { shallowRef } from 'vue'
import { type DrawFile, Unfit, verify } from '../../draw/file'
import { commitmentOf, receiptOf } from '../../draw/kept'
import { closeOf } from '../../draw/kept_close'
import { type Receipt, verifyReceipt } from '../../draw/receipt'
import { loggedIn } from './fetch'

/** What came of checking a file on this device. */
export interface Checked {
  file: DrawFile
  /** The commitment stood on the card that this device saw before the draw. */
  seenBefore: boolean
  receipt?: Receipt
}

/** Checks one file at a time. */
export function useCheck() {
  const checked = shallowRef<Checked>()
  const unfit = shallowRef<Unfit>()
  const busy = shallowRef(false)

  /** @param own The receipt that the page was given, if this device has kept none; with the user's id, if it is known whose it is. */
  async function check(bytes: Uint8Array, own?: Receipt, user = '') {
    busy.value = true
    checked.value = unfit.value = undefined
    try {
      checked.value = await checkedOf(bytes, own, user)
    } catch (error) {
      if (!(error instanceof Unfit)) throw error
      unfit.value = error
    } finally {
      busy.value = false
    }
  }

  return { checked, unfit, busy, check }
}

async function checkedOf(bytes: Uint8Array, own: Receipt | undefined, user: string): Promise<Checked> {
  const file = await verify(bytes)
  requireSameClose(file)
  const seen = commitmentOf(file.draw_id)
  if (seen && seen !== file.commitment) throw new Unfit('commitment', 'wrong_card')
  const me = loggedIn().user?.id ?? ''
  const kept = me ? receiptOf(file.draw_id, me) : undefined
  // What this device has kept counts, whatever the server says of it now.
  if (kept) await verifyReceipt(file, kept, me)
  if (own) await verifyReceipt(file, own, user)
  return { file, seenBefore: !!seen, receipt: own ?? kept }
}

/** A list that this device saw when it was closed is the one in the file, and so is the round. */
function requireSameClose({ draw_id, close }: DrawFile) {
  const seen = closeOf(draw_id)
  if (seen && (seen.close !== close.hash || seen.round !== close.round)) throw new Unfit('close.round, close.hash', 'wrong_card')
}
