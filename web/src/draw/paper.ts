/** How a file is written and read by which something can be checked: in one way only, so that no byte of it is without meaning. */

/** Why a file does not verify, as a word of the page. */
export type Wrong =
  | 'wrong_line' | 'wrong_form' | 'wrong_algorithm' | 'wrong_rules' | 'wrong_commitment' | 'wrong_card' | 'wrong_person'
  | 'wrong_number' | 'wrong_link' | 'wrong_count' | 'wrong_last' | 'wrong_close' | 'wrong_seed' | 'wrong_final' | 'wrong_grade'
  | 'wrong_place' | 'wrong_places' | 'wrong_receipt' | 'wrong_ticket'
  | 'wrong_take' | 'wrong_take_link' | 'wrong_split' | 'wrong_shares' | 'wrong_share' | 'wrong_amount' | 'wrong_returned'
  | 'wrong_share_receipt' | 'wrong_own_share'
  | 'wrong_chain' | 'wrong_round' | 'wrong_early' | 'wrong_beacon' | 'wrong_signature' | 'wrong_randomness' | 'wrong_cancelled'
  | 'wrong_undecided' | 'wrong_missing'

/** The file is not what it must be: `at` is the piece, as in `tickets[3]`, or `line 7`. */
export class Unfit extends Error {
  constructor(
    readonly at: string,
    readonly why: Wrong,
  ) {
    super(`${at}: ${why}`)
  }
}

export function ensure(so: boolean, at: string, why: Wrong): asserts so {
  if (!so) throw new Unfit(at, why)
}

export const isText = (value: unknown): value is string => typeof value === 'string'
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

export function requireEach<T>(name: string, list: T[], holds: (one: T | null) => boolean) {
  ensure(Array.isArray(list), name, 'wrong_line')
  list.forEach((one, index) => ensure(holds(one), `${name}[${index}]`, 'wrong_line'))
}

/** Rules stand in one line of their own, whose bytes are what was hashed. */
const RULES = /^ {2}"rules": (\{.*\}),$/m

/** What stands in it, with the rules as they are written. Whether it is right is seen afterwards. */
export function readPaper(text: string): { rules: string } {
  const broken = brokenLine(text)
  ensure(broken === undefined, `line ${broken}`, 'wrong_line')
  const file = parsed(text, 'line 1') as object
  const rules = text.match(RULES)?.[1]
  ensure(rules !== undefined, 'line 4', 'wrong_form')
  return { ...file, rules }
}

/** As the server writes it: two spaces a level, the rules as they are, a newline at the end.
 *
 * @param ordered Its names in their order, with 0 for the rules. */
export function writtenPaper(ordered: { rules: 0; [name: string]: unknown }, rules: string): string {
  return `${JSON.stringify(ordered, null, 2).replace('"rules": 0', () => `"rules": ${rules}`)}\n`
}

/** Throws `Unfit` with the first line that is written in another way. */
export function requireWritten(right: string, text: string) {
  if (right === text) return
  let same = 0
  while (right[same] === text[same]) same += 1
  throw new Unfit(`line ${text.slice(0, same).split('\n').length}`, 'wrong_form')
}

export function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    const readable = new TextDecoder().decode(bytes)
    throw new Unfit(`line ${readable.slice(0, readable.indexOf('\uFFFD')).split('\n').length}`, 'wrong_line')
  }
}

export function parsed(text: string, at: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Unfit(at, 'wrong_line')
  }
}

/** The first line that is not one of such a file: a bracket, or a value with or without its name, as far in as it is deep, with a comma if
 * another one follows. */
function brokenLine(text: string): number | undefined {
  let depth = 0
  const lines = text.split('\n')
  const at = lines.findIndex((line, at) => {
    if (at === lines.length - 1) return line !== ''
    const [, name = '', value = '', comma = ''] = line.trim().match(/^("\w+": )?(.*?)(,?)$/) ?? []
    if (isEnd(value)) depth -= 1
    const isIn = line === ' '.repeat(Math.max(0, depth) * 2) + name + value + comma
    if (isBegin(value)) depth += 1
    const next = lines[at + 1]?.trim() ?? ''
    const follows = !isBegin(value) && next !== '' && !isEnd(next.replace(',', ''))
    return !isIn || (comma === ',') !== follows || !(isEnd(value) || isBegin(value) || isJson(value))
  })
  return at < 0 ? undefined : at + 1
}

const isBegin = (value: string) => value === '{' || value === '['
const isEnd = (value: string) => value === '}' || value === ']'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
