import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A real server of its own, with a private database in a folder of its own. `./dev` says where the program is. */
export class TestServer {
  /** What it has printed so far. */
  said = ''
  /** The end of its log. */
  private logged = ''

  private constructor(
    readonly url: string,
    private readonly process: ChildProcess,
    private readonly home: string,
  ) {}

  /** @param more Flags beside those that every test's server has. */
  static async start(...more: string[]): Promise<TestServer> {
    const program = process.env.SOUK_BIN ?? '../target/debug/souk'
    if (!existsSync(program)) throw new Error(`there is no ${program}: cargo build --bin souk`)
    const address = `127.0.0.1:${await freePort()}`
    const home = mkdtempSync(join(tmpdir(), 'souk-web-'))
    // The database's user must get there.
    chmodSync(home, 0o755)
    const flags = ['serve', '--listen', address, '--data', join(home, 'data'), '--profile', 'development', ...more]
    const server = spawn(program, flags, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } })
    const started = new TestServer(`http://${address}`, server, home)
    server.stdout.on('data', (words: Buffer) => (started.said += words.toString()))
    server.stderr.on('data', (words: Buffer) => (started.logged = (started.logged + words.toString()).slice(-2_000)))
    await started.ready()
    return started
  }

  get socket(): string {
    return `${this.url.replace('http', 'ws')}/socket`
  }

  /** Dies at once, as by a power cut. */
  async kill(): Promise<void> {
    await this.end('SIGKILL')
  }

  /** What takes days in life, or comes from outside: money that was settled, time that is over. */
  sql(statement: string) {
    const psql = process.env.PG_BIN_DIR ? join(process.env.PG_BIN_DIR, 'psql') : 'psql'
    execFileSync(psql, ['-qh', join(this.home, 'data', 'postgres', 'run'), '-U', 'souk', '-v', 'ON_ERROR_STOP=1', '-c', statement, 'souk'])
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.end('SIGTERM')
    rmSync(this.home, { recursive: true, force: true })
  }

  private async end(by: NodeJS.Signals) {
    const ended = new Promise((done) => this.process.once('exit', done))
    this.process.kill(by)
    await ended
  }

  private async ready(): Promise<void> {
    await until(async () => {
      if (this.process.exitCode !== null) throw new Error(`the server ended with ${this.process.exitCode}: ${this.logged}`)
      return (await fetch(`${this.url}/readyz`).catch(() => undefined))?.ok ?? false
    }, 'the server is ready')
  }
}

/** Waits for what is expected, and says what it was when it does not come. */
export async function until(so: () => boolean | Promise<boolean>, what: string, within = 30_000): Promise<void> {
  const end = Date.now() + within
  while (!(await so())) {
    if (Date.now() > end) throw new Error(`not within ${within} ms: ${what}`)
    await new Promise((done) => setTimeout(done, 10))
  }
}

/** A port of this machine that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((found) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => found(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
