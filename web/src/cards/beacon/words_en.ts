/** English of what the card of a draw says of its beacon. */
export const en = {
  byBeacon: 'A public source of chance (drand) decides: its round is named when the list is closed, before anybody knows its value.',
  closed: 'The list is closed. Round {n}, which begins {time}, decides.',
  decided: 'Round {n} of a public source of chance decided.',
  cancelledLate: 'It was called off when its result could be known.',
  list: 'List',
}

export type BeaconWords = typeof en
