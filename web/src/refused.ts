import { Refusal } from './contract/error'

/** The server says no. `code` is its word, the same on the socket and over REST (docs/protocol.md, part 10). */
export class Refused extends Error {
  constructor(
    readonly code: string,
    /** The server's own sentence, in English. */
    readonly sentence: string,
    /** Milliseconds after which trying again is worth it; 0: not by waiting. */
    readonly retryAfter = 0,
    /** What of the request is wrong; empty: nothing by itself. */
    readonly field = '',
  ) {
    super(`${code}: ${sentence}`)
  }

  /** It may be done by the same request a little later: nothing about it is wrong. */
  get passes(): boolean {
    return passing.has(this.code)
  }
}

const passing = new Set(['rate_limited', 'overloaded', 'unavailable', 'outcome_unknown', 'shutting_down'])

const names = new Map(Object.entries(Refusal).map(([name, code]) => [code, name]))

/** `not_found` for `REFUSAL_NOT_FOUND`. */
export function wordOf(code: Refusal): string {
  return (names.get(code) ?? 'REFUSAL_BROKEN').slice('REFUSAL_'.length).toLowerCase()
}
