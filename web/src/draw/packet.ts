import { each, rulesHash } from './fair'
import { decoded, ensure, isCount, isText, parsed, readPaper, requireEach, requireWritten, Unfit, writtenPaper } from './paper'
import * as shares from './shares'
import type { Take } from './shares'

/** Everything that a red packet was split by, as `GET /red-packets/{id}/file` gives it. */
export interface PacketFile {
  algorithm: string
  red_packet_id: string
  /** Byte for byte as they were published. */
  rules: string
  rules_hash: string
  commitment: string
  seed: string
  /** The one that is taken first first; minor units. */
  shares: number[]
  takes: Take[]
  /** What nobody took. */
  returned: number
}

/** What one keeps of having taken a share. */
export interface Share {
  red_packet_id: string
  place: number
  amount: number
  currency: string
  commitment: string
  person: string
  salt: string
  link: string
}

/** Shares of any red packet at most: who checks a file is not kept busy by its numbers. */
const SHARES = 500

/** Is it the file of a red packet, and not of a draw? It need not be right. */
export function isPacket(bytes: Uint8Array): boolean {
  const head = new TextDecoder().decode(bytes.slice(0, 60))
  return head.includes('souk-packet') || head.includes('"red_packet_id"')
}

/** Splits a red packet again from its file, piece by piece. Throws `Unfit` at the first piece that does not follow from those before it. */
export async function verifyPacket(bytes: Uint8Array): Promise<PacketFile> {
  const text = decoded(bytes)
  const file = readPaper(text) as PacketFile
  requireShape(file)
  ensure(file.algorithm === shares.ALGORITHM, 'algorithm', 'wrong_algorithm')
  ensure(file.rules_hash === (await rulesHash(file.rules)), 'rules, rules_hash', 'wrong_rules')
  await verifyTakes(file)
  ensure(file.commitment === (await shares.commitment(file.red_packet_id, file.rules_hash, file.seed)), 'red_packet_id, commitment, seed', 'wrong_commitment')
  await verifyShares(file)
  requireWritten(writtenPacket(file), text)
  return file
}

async function verifyTakes({ commitment, takes }: PacketFile) {
  const at = (index: number) => (index === 0 ? 'commitment, takes[0]' : `takes[${index}]`)
  const links = await each(takes, (take, index) => shares.link(takes[index - 1]?.link ?? commitment, take))
  takes.forEach((take, index) => {
    ensure(take.place === index + 1, at(index), 'wrong_take')
    ensure(take.link === links[index], at(index), 'wrong_take_link')
  })
}

async function verifyShares({ rules, seed, shares: said, takes, returned }: PacketFile) {
  const right = await splitBy(rules, seed)
  ensure(said.length === right.length, 'shares', 'wrong_shares')
  said.forEach((share, index) => ensure(share === right[index], `shares[${index}]`, 'wrong_share'))
  takes.forEach(({ amount }, index) => ensure(amount === right[index], `takes[${index}]`, 'wrong_amount'))
  ensure(returned === right.slice(takes.length).reduce((sum, share) => sum + share, 0), 'returned', 'wrong_returned')
}

/** What the rules say of how it is split: the rest of them means nothing here. */
async function splitBy(rules: string, seed: string): Promise<number[]> {
  const { algorithm, kind, total, shares: pieces } = parsed(rules, 'rules') as Record<string, unknown>
  ensure(algorithm === shares.ALGORITHM, 'rules.algorithm', 'wrong_algorithm')
  ensure(isCount(pieces) && pieces >= 1 && pieces <= SHARES, 'rules.shares', 'wrong_split')
  ensure(isCount(total) && (kind === 'equal' || kind === 'lucky'), 'rules', 'wrong_split')
  const split = await shares.split(total, pieces, kind, seed)
  ensure(split.length > 0, 'rules', 'wrong_split')
  return split
}

/** As the server writes it: names in this order. */
export function writtenPacket(file: PacketFile): string {
  const { algorithm, red_packet_id, rules, rules_hash, commitment, seed, shares, returned } = file
  const takes = file.takes.map(({ place, person, amount, link }) => ({ place, person, amount, link }))
  return writtenPaper({ algorithm, red_packet_id, rules: 0, rules_hash, commitment, seed, shares, takes, returned }, rules)
}

const isTake = (one: Take | null) => isCount(one?.place) && isCount(one?.amount) && isText(one?.person) && isText(one?.link)

function requireShape(file: PacketFile) {
  for (const name of ['algorithm', 'red_packet_id', 'rules_hash', 'commitment', 'seed'] as const) ensure(isText(file[name]), name, 'wrong_line')
  ensure(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(file.red_packet_id), 'red_packet_id', 'wrong_line')
  requireEach('shares', file.shares, isCount)
  requireEach('takes', file.takes, isTake)
  ensure(isCount(file.returned), 'returned', 'wrong_line')
}

/** Whether somebody's share is in it as it was when they took it, and is theirs. Throws `Unfit` if it is not.
 *
 * @param user Whose it is, if that is known: then their name in the file must be theirs as well. */
export async function verifyShare({ red_packet_id, commitment, takes }: PacketFile, share: Share, user = '') {
  const is = share.red_packet_id === red_packet_id && share.commitment === commitment
  if (!is) throw new Unfit('receipt', 'wrong_share_receipt')
  if (user && share.person !== (await shares.pseudonym(red_packet_id, user, share.salt))) throw new Unfit('receipt', 'wrong_person')
  const listed = takes[share.place - 1]
  const same = listed?.person === share.person && listed.amount === share.amount && listed.link === share.link
  if (!same) throw new Unfit(`receipt, takes[${share.place - 1}]`, 'wrong_own_share')
}

/** A share that somebody has pasted; nothing if it is none. */
export function readShare(text: string): Share | undefined {
  try {
    const { red_packet_id, place, amount, currency, commitment, person, salt, link } = JSON.parse(text) as Share
    const isWhole = [red_packet_id, commitment, person, salt, link].every(isText) && isCount(place) && isCount(amount)
    return isWhole ? { red_packet_id, place, amount, currency, commitment, person, salt, link } : undefined
  } catch {
    return undefined
  }
}
