import type { Schema } from '../../../rest'

/** Whom parcels go to, if somebody wants that kept on this device. */
const key = (user: string) => `souk.address.${user}`

export function keptAddress(user: string): Schema<'Recipient'> | undefined {
  const text = localStorage.getItem(key(user))
  return text ? (JSON.parse(text) as Schema<'Recipient'>) : undefined
}

/** Nothing: it is not kept any more. */
export function keepAddress(user: string, recipient: Schema<'Recipient'> | undefined) {
  if (recipient) localStorage.setItem(key(user), JSON.stringify(recipient))
  else localStorage.removeItem(key(user))
}
