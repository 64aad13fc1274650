import type { Schema } from '../../../rest'
import { stored } from '../../../stored'

/** Whom parcels go to, if somebody wants that kept on this device. */
const key = (user: string) => `souk.address.${user}`

export function keptAddress(user: string): Schema<'Recipient'> | undefined {
  return stored(key(user))
}

/** Nothing: it is not kept any more. */
export function keepAddress(user: string, recipient: Schema<'Recipient'> | undefined) {
  if (recipient) localStorage.setItem(key(user), JSON.stringify(recipient))
  else localStorage.removeItem(key(user))
}
