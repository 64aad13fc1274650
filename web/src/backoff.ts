/** How long to wait before the next line: full jitter, a random time up to 0.2 s, 0.4 s, … 5 s (docs/protocol.md, part 6). */
export class Backoff {
  private tries = 0

  constructor(private readonly chance: () => number = Math.random) {}

  /** Milliseconds until the next try. */
  next(): number {
    const most = Math.min(5_000, 200 * 2 ** this.tries)
    this.tries += 1
    return this.chance() * most
  }

  /** The line holds: begin anew. */
  held() {
    this.tries = 0
  }
}
