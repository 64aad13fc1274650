/** The public source of chance that a draw may be decided by: which round it is, and whether its value is what the chain has signed
 * (docs/lottery.md). */
import * as fair from './fair'
import type { DrawFile } from './file'
import { bytesOf, hexOf } from './hex'
import type { Wrong } from './paper'

/** A drand chain, as the rules name it. */
export interface Chain {
  hash: string
  public_key: string
  scheme: string
  /** When its first round began, in seconds since 1970. */
  genesis: number
  /** Seconds from one round to the next. */
  period: number
}

/** What is known of a round. */
export interface Value {
  signature: string
  randomness: string
}

/** It was called off after its list was closed: when (milliseconds since 1970), and why. */
export interface Cancelled {
  at: number
  because: string
  hash: string
}

type Close = DrawFile['close']
type Found = [at: string, why: Wrong]

const SCHEME = 'bls-unchained-g1-rfc9380'

/** drand's quicknet, as its relays publish it. */
export const QUICKNET: Chain = {
  hash: '52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971',
  public_key: '83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a',
  scheme: SCHEME,
  genesis: 1_692_803_367,
  period: 3,
}

/** What the rules say of it: the rest of them means nothing here. */
interface Terms {
  target?: number | null
  ends_at?: string
  beacon?: Partial<Chain> | null
}

/** The chain that the rules name; nothing if they name none. */
export function chainOf({ rules }: Pick<DrawFile, 'rules'>): Partial<Chain> | undefined {
  return (JSON.parse(rules) as Terms).beacon ?? undefined
}

export const isQuicknet = (chain: Partial<Chain>) => (Object.keys(QUICKNET) as (keyof Chain)[]).every((name) => chain[name] === QUICKNET[name])

export function isAwaited(close: Close): close is Close & { at: number; round: number } {
  return close.at !== undefined && close.round !== undefined
}

/** All that decides it is there. */
export const isDecided = (file: DrawFile) => !file.cancelled && !!chainOf(file) === !!file.beacon

/** What goes into the final seed besides seed and list. */
export const mixedIn = ({ close, beacon }: DrawFile) => (isAwaited(close) && beacon ? [String(close.round), beacon.randomness] : [])

/** What stands in a file only if there is a beacon, in the server's order. */
export function optional({ beacon, cancelled }: Pick<DrawFile, 'beacon' | 'cancelled'>) {
  return {
    beacon: beacon && { signature: beacon.signature, randomness: beacon.randomness },
    cancelled: cancelled && { at: cancelled.at, because: cancelled.because, hash: cancelled.hash },
  }
}

/** When a round begins, in milliseconds since 1970. */
export const begins = ({ genesis, period }: Chain, round: number) => (genesis + (round - 1) * period) * 1_000

/** The first round that begins a whole period after that moment, or later. */
export function roundAfter({ genesis, period }: Chain, at: number): number {
  const since = at + period * 1_000 - genesis * 1_000
  return Math.ceil(Math.max(0, since) / (period * 1_000)) + 1
}

/** What of the beacon does not fit, and where; nothing if all does, or if there is none and none is named. */
export async function wrongBeacon(file: DrawFile): Promise<Found | undefined> {
  const chain = chainOf(file)
  if (!chain) {
    if (file.close.at !== undefined || file.close.round !== undefined) return ['close.at, close.round', 'wrong_beacon']
    return file.beacon || file.cancelled ? ['beacon, cancelled', 'wrong_beacon'] : undefined
  }
  if (!isChain(chain)) return ['rules.beacon', 'wrong_chain']
  return wrongRound(file, chain) ?? (await wrongRandomness(file)) ?? wrongCancelled(file)
}

/** The one key that everything is signed by is none, and nobody but quicknet has its name. */
function isChain(chain: Partial<Chain>): chain is Chain {
  const { hash = '', public_key = '', scheme, genesis, period } = chain
  const isKey = /^[0-9a-f]{192}$/.test(public_key) && !/^c0+$/.test(public_key)
  const isTimed = Number.isSafeInteger(genesis) && Number.isSafeInteger(period) && (period ?? 0) > 0
  return isKey && isTimed && scheme === SCHEME && (hash !== QUICKNET.hash || isQuicknet(chain))
}

function wrongRound({ rules, close }: DrawFile, chain: Chain): Found | undefined {
  if (!isAwaited(close)) return ['close.at, close.round', 'wrong_beacon']
  if (close.round !== roundAfter(chain, close.at)) return ['close.at, close.round', 'wrong_round']
  const { target, ends_at } = JSON.parse(rules) as Terms
  const isEarly = (target ?? undefined) === undefined && ends_at !== undefined && close.at < Date.parse(ends_at)
  return isEarly ? ['close.at', 'wrong_early'] : undefined
}

/** The value that is mixed in: the hash of the signature. */
export const randomnessOf = async (signature: string) => hexOf(await crypto.subtle.digest('SHA-256', bytesOf(signature)))

async function wrongRandomness({ beacon }: DrawFile): Promise<Found | undefined> {
  if (!beacon || beacon.randomness === (await randomnessOf(beacon.signature))) return undefined
  return ['beacon.signature, beacon.randomness', 'wrong_randomness']
}

/** Whether the chain has signed the round, of a file of which all else fits. It takes longest; and curves are large, so they come along only where
 * there is something to check by them. */
export async function wrongSignature(file: DrawFile): Promise<Found | undefined> {
  const { close, beacon } = file
  if (!beacon) return undefined
  const curves = await import('./signature').catch(() => undefined)
  if (!curves) return ['beacon.signature', 'wrong_missing']
  const isRight = await curves.isSigned(chainOf(file)?.public_key ?? '', close.round ?? 0, beacon.signature)
  return isRight ? undefined : ['close.round, beacon.signature', 'wrong_signature']
}

async function wrongCancelled({ close, beacon, cancelled }: DrawFile): Promise<Found | undefined> {
  if (!cancelled) return undefined
  if (beacon) return ['beacon, cancelled', 'wrong_beacon']
  if (cancelled.hash !== (await fair.cancelled(close.hash, cancelled.at, cancelled.because))) return ['cancelled', 'wrong_cancelled']
  return (close.at ?? 0) <= cancelled.at ? undefined : ['cancelled.at', 'wrong_cancelled']
}
