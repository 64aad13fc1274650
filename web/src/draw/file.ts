import { type Cancelled, isAwaited, isDecided, mixedIn, optional, type Value, wrongBeacon, wrongSignature } from './beacon'
import * as fair from './fair'
import type { LeftOut, Place, Ticket } from './fair'
import { decoded, ensure, isCount, isText, parsed, readPaper, requireEach, requireWritten, Unfit, writtenPaper } from './paper'

/** Everything that a draw was decided by, as `GET /draws/{id}/file` gives it. */
export interface DrawFile {
  algorithm: string
  draw_id: string
  /** Byte for byte as they were published. */
  rules: string
  rules_hash: string
  commitment: string
  tickets: Ticket[]
  /** With a beacon: when it was closed, and the round that decides. */
  close: { tickets: number; last_link: string; at?: number; round?: number; left_out: LeftOut[]; hash: string }
  seed: string
  /** Of that round, once it is known. */
  beacon?: Value
  cancelled?: Cancelled
  /** Empty: it is not decided. */
  final_seed: string
  grade: string
  winners: Place[]
  substitutes: Place[]
}

/** Decides a draw again from its file, piece by piece. Throws `Unfit` at the first piece that does not follow from those before it. */
export async function verify(bytes: Uint8Array): Promise<DrawFile> {
  const text = decoded(bytes)
  const file = read(text)
  ensure(file.algorithm === fair.ALGORITHM, 'algorithm', 'wrong_algorithm')
  ensure(file.rules_hash === (await fair.rulesHash(file.rules)), 'rules, rules_hash', 'wrong_rules')
  await verifyTickets(file)
  ensure(file.commitment === (await fair.commitment(file.draw_id, file.rules_hash, file.seed)), 'draw_id, commitment, seed', 'wrong_commitment')
  await verifyClose(file)
  const wrong = await wrongBeacon(file)
  if (wrong) throw new Unfit(...wrong)
  const mixed = await fair.mix(file.seed, file.draw_id, file.rules_hash, file.close.hash, mixedIn(file))
  ensure(mixed !== undefined, 'seed', 'wrong_seed')
  if (isDecided(file)) ensure(file.final_seed === mixed, 'final_seed', 'wrong_final')
  else ensure(file.final_seed === '', 'beacon, final_seed', 'wrong_undecided')
  ensure(file.grade === gradeOf(file), 'grade', 'wrong_grade')
  await verifyPlaces(file)
  requireWritten(written(file), text)
  const unsigned = await wrongSignature(file)
  if (unsigned) throw new Unfit(...unsigned)
  return file
}

function gradeOf({ tickets, close }: DrawFile): string {
  if (isAwaited(close)) return 'beacon'
  return tickets.some(({ nonce }) => nonce !== '') ? 'participants' : 'operator_only'
}

async function verifyTickets({ commitment, tickets }: DrawFile) {
  const at = (index: number) => (index === 0 ? 'commitment, tickets[0]' : `tickets[${index}]`)
  const links = await fair.each(tickets, (ticket, index) => fair.link(tickets[index - 1]?.link ?? commitment, ticket))
  tickets.forEach((ticket, index) => {
    ensure(ticket.number === index + 1, at(index), 'wrong_number')
    ensure(ticket.link === links[index], at(index), 'wrong_link')
  })
}

async function verifyClose({ commitment, tickets, close }: DrawFile) {
  const last = tickets.at(-1)?.link ?? commitment
  ensure(close.tickets === tickets.length, 'close.tickets', 'wrong_count')
  ensure(close.last_link === last, 'close.last_link', 'wrong_last')
  ensure(close.hash === (await fair.close(close.tickets, last, close.left_out, isAwaited(close) ? [close.at, close.round] : [])), 'close.at, close.round, close.left_out, close.hash', 'wrong_close')
}

async function verifyPlaces(file: DrawFile) {
  const { rules, tickets, close, final_seed, winners, substitutes } = file
  const sizes = sizesOf(rules)
  const right = !isDecided(file) ? [] : await fair.select(tickets, close.left_out, final_seed, sizes.prizes + sizes.substitutes)
  const lists = { winners: [winners, right.slice(0, sizes.prizes)], substitutes: [substitutes, right.slice(sizes.prizes)] } as const
  for (const [name, [said, right]] of Object.entries(lists)) {
    said.forEach((place, index) => ensure(samePlace(place, right[index]), `${name}[${index}]`, 'wrong_place'))
    ensure(said.length === right.length, name, 'wrong_places')
  }
}

function samePlace(one: Place, other: Place | undefined): boolean {
  return !!other && one.place === other.place && one.person === other.person && one.ticket === other.ticket && one.score === other.score
}

/** What the rules say of how many places there are: the rest of them means nothing here. */
function sizesOf(rules: string): { prizes: number; substitutes: number } {
  const { algorithm, prizes, substitutes } = parsed(rules, 'rules') as { algorithm?: unknown; prizes?: unknown; substitutes?: unknown }
  ensure(algorithm === fair.ALGORITHM, 'rules.algorithm', 'wrong_algorithm')
  ensure(Array.isArray(prizes) && isCount(substitutes), 'rules', 'wrong_line')
  const quantities = prizes.map((one: { quantity?: unknown } | null) => one?.quantity)
  ensure(quantities.every(isCount), 'rules', 'wrong_line')
  return { prizes: quantities.reduce((sum, one) => sum + one, 0), substitutes }
}

/** What stands in `prizes[]` of the rules, one for each place. */
export function prizesOf({ rules }: DrawFile): string[] {
  const { prizes } = JSON.parse(rules) as { prizes: { name?: string; quantity: number }[] }
  // What is written there may claim anything; there are never more places than winners.
  return prizes.flatMap(({ name, quantity }) => Array.from({ length: Math.min(quantity, 1_000) }, () => name ?? ''))
}

/** As the server writes it: names in this order, two spaces a level, a newline at the end. */
export function written({ rules, ...file }: DrawFile): string {
  const place = ({ place, person, ticket, score }: Place) => ({ place, person, ticket, score })
  const { tickets, last_link, at, round, left_out, hash } = file.close
  const ordered = {
    algorithm: file.algorithm,
    draw_id: file.draw_id,
    rules: 0 as const,
    rules_hash: file.rules_hash,
    commitment: file.commitment,
    tickets: file.tickets.map(({ number, person, because, nonce, link }) => ({ number, person, because, nonce, link })),
    close: { tickets, last_link, at, round, left_out: left_out.map(({ person, because }) => ({ person, because })), hash },
    seed: file.seed,
    ...optional(file),
    final_seed: file.final_seed,
    grade: file.grade,
    winners: file.winners.map(place),
    substitutes: file.substitutes.map(place),
  }
  return writtenPaper(ordered, rules)
}

function read(text: string): DrawFile {
  const file = readPaper(text) as DrawFile
  requireShape(file)
  return file
}

const isPlace = (one: Place | null) => isCount(one?.place) && isCount(one?.ticket) && isText(one?.person) && isText(one?.score)

const chances = new Set(['entered', 'invited', 'member'])
const reasons = new Set(['left', 'staff', 'banned'])

/** Is everything there that is compared afterwards? Whether it is right is seen then. */
function requireShape(file: DrawFile) {
  const { tickets, close, winners, substitutes } = file
  for (const name of ['algorithm', 'draw_id', 'rules_hash', 'commitment', 'seed', 'final_seed', 'grade'] as const) {
    ensure(isText(file[name]), name, 'wrong_line')
  }
  ensure(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(file.draw_id), 'draw_id', 'wrong_line')
  requireEach('tickets', tickets, (one) => isCount(one?.number) && chances.has(one?.because ?? '') && [one?.person, one?.nonce, one?.link].every(isText))
  ensure(isCount(close?.tickets) && isText(close.last_link) && isText(close.hash), 'close', 'wrong_line')
  for (const name of ['at', 'round'] as const) ensure(close[name] === undefined || isCount(close[name]), `close.${name}`, 'wrong_line')
  ensure(file.beacon === undefined || (isText(file.beacon?.signature) && isText(file.beacon.randomness)), 'beacon', 'wrong_line')
  ensure(file.cancelled === undefined || (isCount(file.cancelled?.at) && isText(file.cancelled.because) && isText(file.cancelled.hash)), 'cancelled', 'wrong_line')
  requireEach('close.left_out', close.left_out, (one) => isText(one?.person) && reasons.has(one?.because ?? ''))
  requireEach('winners', winners, isPlace)
  requireEach('substitutes', substitutes, isPlace)
}
