/** How a draw is decided: texts and hashes, as docs/lottery.md says it in words (`souk-draw-1`). Nothing here asks a server. */

export const ALGORITHM = 'souk-draw-1'

/** One chance. A person may have several. */
export interface Ticket {
  number: number
  person: string
  because: string
  nonce: string
  link: string
}

/** Somebody with tickets who wins nothing. */
export interface LeftOut {
  person: string
  because: string
}

/** Somebody in the order of the scores. */
export interface Place {
  place: number
  person: string
  ticket: number
  score: string
}

/** So many hashes are under way at once: a draw may have a hundred thousand tickets. */
const AT_ONCE = 512
const utf8 = new TextEncoder()

const hexOf = (bytes: ArrayBuffer) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')

/** What is hashed: `souk-draw-1 kind`, then the lines, each with its end. */
const text = (algorithm: string, kind: string, lines: string[]) => utf8.encode([`${algorithm} ${kind}`, ...lines, ''].join('\n'))

export const hash = async (algorithm: string, kind: string, lines: string[]) => hexOf(await crypto.subtle.digest('SHA-256', text(algorithm, kind, lines)))

const digest = (kind: string, lines: string[]) => hash(ALGORITHM, kind, lines)

export const rulesHash = async (rules: string) => hexOf(await crypto.subtle.digest('SHA-256', utf8.encode(rules)))

export const commitment = (draw: string, rules_hash: string, seed: string) => digest('commitment', [draw, rules_hash, seed])

/** Ties a ticket to the one before it; before the first one stands the commitment. */
export const link = (before: string, { number, person, because, nonce }: Ticket) =>
  digest('ticket', [before, String(number), person, because, nonce])

/** With a beacon the moment and the round stand in it too. */
export const close = (tickets: number, last_link: string, left_out: LeftOut[], awaited: number[] = []) =>
  digest('close', [String(tickets), last_link, ...awaited.map(String), ...left_out.map(({ person, because }) => `${person} ${because}`)])

/** Of a draw that was called off after its list was closed. */
export const cancelled = (closed: string, at: number, because: string) => digest('cancelled', [closed, String(at), because])

/** Mixes the seed with what the participants did, and with a beacon with its round and randomness; nothing if the seed is not 32 bytes in
 * hexadecimal. */
export async function mix(seed: string, draw: string, rules_hash: string, closed: string, beacon: string[] = []): Promise<string | undefined> {
  if (!/^[0-9a-fA-F]{64}$/.test(seed)) return undefined
  const bytes = Uint8Array.from(seed.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return hexOf(await crypto.subtle.sign('HMAC', key, text(ALGORITHM, 'mix', [draw, rules_hash, closed, ...beacon])))
}

export const score = (final_seed: string, { number, person }: Ticket) => digest('score', [final_seed, String(number), person])

/** One's name in the list, which only who knows the salt can make. */
export const pseudonym = async (draw: string, user: string, salt: string) => (await digest('person', [draw, user, salt])).slice(0, 32)

/** The first so many people in the order of their best scores, each once, without those who are left out. */
export async function select(tickets: Ticket[], left_out: LeftOut[], final_seed: string, people: number): Promise<Place[]> {
  const scores = await each(tickets, (ticket) => score(final_seed, ticket))
  const order = tickets.map((ticket, at) => ({ ticket, score: scores[at] ?? '' }))
  order.sort((one, other) => (one.score === other.score ? one.ticket.number - other.ticket.number : one.score < other.score ? -1 : 1))
  const done = new Set(left_out.map(({ person }) => person))
  const first = order.filter(({ ticket }) => !done.has(ticket.person) && done.add(ticket.person))
  return first.slice(0, people).map(({ ticket, score }, at) => ({ place: at + 1, person: ticket.person, ticket: ticket.number, score }))
}

/** Does the same with each, some at once, and gives what came of it in their order. */
export async function each<T, R>(all: T[], work: (one: T, at: number) => Promise<R>): Promise<R[]> {
  const done: R[] = []
  for (let from = 0; from < all.length; from += AT_ONCE) {
    done.push(...(await Promise.all(all.slice(from, from + AT_ONCE).map((one, at) => work(one, from + at)))))
  }
  return done
}
