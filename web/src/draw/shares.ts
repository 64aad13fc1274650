import { each, hash } from './fair'

/** How a red packet is split: texts and hashes, as docs/red-packets.md says it in words (`souk-packet-1`). Nothing here asks a server. */

export const ALGORITHM = 'souk-packet-1'

/** A share that somebody took. */
export interface Take {
  place: number
  person: string
  /** Minor units. */
  amount: number
  link: string
}

const digest = (kind: string, lines: string[]) => hash(ALGORITHM, kind, lines)

export const commitment = (red_packet: string, rules_hash: string, seed: string) => digest('commitment', [red_packet, rules_hash, seed])

/** Ties a share to the one that was taken before it; before the first one stands the commitment. */
export const link = (before: string, { place, person, amount }: Take) => digest('take', [before, String(place), person, String(amount)])

/** One's name in the file, which only who knows the salt can make. */
export const pseudonym = async (red_packet: string, user: string, salt: string) => (await digest('person', [red_packet, user, salt])).slice(0, 32)

/** The shares, the one that is taken first first; nothing if there are more of them than minor units. */
export async function split(total: number, shares: number, kind: 'equal' | 'lucky', seed: string): Promise<number[]> {
  if (total < shares) return []
  const numbers = Array.from({ length: shares }, (_, at) => at + 1)
  const sure = kind === 'lucky' ? 1 : 0
  const weights = kind === 'lucky' ? await each(numbers, (number) => weight(seed, number)) : numbers.map(() => 1n)
  const parts = proportion(BigInt(total - sure * shares), weights).map((part) => Number(part) + sure)
  const orders = await each(numbers, (number) => digest('order', [seed, String(number)]))
  const order = parts.map((part, at) => ({ part, order: orders[at] ?? '' }))
  order.sort((one, other) => (one.order < other.order ? -1 : 1))
  return order.map(({ part }) => part)
}

/** How much chance gives to a share, next to the others: the first 8 digits of its hash. */
async function weight(seed: string, number: number): Promise<bigint> {
  return BigInt(`0x${(await digest('weight', [seed, String(number)])).slice(0, 8)}`)
}

/** Parts of the whole, each rounded down; what is left goes one by one to those that lost most by it, of equal ones to the first. Weights that are all 0
 * count alike. */
function proportion(whole: bigint, given: bigint[]): bigint[] {
  const weights = given.every((weight) => weight === 0n) ? given.map(() => 1n) : given
  const all = weights.reduce((sum, weight) => sum + weight, 0n)
  const parts = weights.map((weight) => (whole * weight) / all)
  const left = Number(parts.reduce((rest, part) => rest - part, whole))
  const lost = weights.map((weight, at) => ({ at, lost: (whole * weight) % all }))
  lost.sort((one, other) => (one.lost === other.lost ? one.at - other.at : one.lost > other.lost ? -1 : 1))
  const more = new Set(lost.slice(0, left).map(({ at }) => at))
  return parts.map((part, at) => (more.has(at) ? part + 1n : part))
}
