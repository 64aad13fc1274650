/** English of the cards that are loaded when one meets them; the other languages have the same keys. */
export const en = {
  packet: 'Red packet',
  packetFrom: 'Red packet: {greeting}',
  open: 'Open',
  opening: 'Opening …',
  leftOf: '{left} of {shares} left',
  emptied: 'all taken',
  returned: 'expired',
  inAll: '{amount} in {shares} shares',
  equal: 'all alike',
  lucky: 'by chance',
  until: 'until {time}',
  taken: '{amount} was taken by {n}.',
  wentBack: 'The rest, {amount}, went back to the shop.',
  youGot: 'You got {amount}',
  yourPlace: 'You were number {n}. The shop owes you this: it is in your wallet.',
  toWallet: 'To the wallet',
  proof: 'Proof file',
  check: 'Check it',
}

export type CardWords = typeof en
