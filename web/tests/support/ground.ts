import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { freePort, until } from './server'

/** What several servers stand on: a database of their own in the PostgreSQL of the tests, a key for what is sealed in it, and a Redis. */
export class Ground {
  private constructor(
    /** Flags by which a server shares them. */
    readonly flags: string[],
    private readonly redis: ChildProcess,
    private readonly drop: () => void,
  ) {}

  static async lay(): Promise<Ground> {
    const postgres = process.env.SOUK_TEST_DATABASE_URL
    if (!postgres) throw new Error('SOUK_TEST_DATABASE_URL names no PostgreSQL: `./dev test` starts one')
    const name = `souk_web_${process.pid}_${Date.now()}`
    const database = new URL(postgres)
    database.pathname = name
    ask(postgres, `create database ${name}`)
    const port = String(await freePort())
    const settings = ['--bind', '127.0.0.1', '--port', port, '--save', '', '--appendonly', 'no', '--dir', tmpdir()]
    const redis = spawn('redis-server', settings, { stdio: 'ignore' })
    const shared = { 'database.url': database.href, 'security.secrets_key': randomBytes(32).toString('base64'), 'bus.redis_url': `redis://127.0.0.1:${port}` }
    const flags = Object.entries(shared).flatMap(([name, value]) => ['--set', `${name}=${value}`])
    const ground = new Ground(flags, redis, () => ask(postgres, `drop database ${name} with (force)`))
    await until(() => answers(Number(port)), 'Redis is there')
    return ground
  }

  /** After the servers have ended. */
  async clear() {
    const ended = new Promise((done) => this.redis.once('exit', done))
    this.redis.kill('SIGTERM')
    await ended
    this.drop()
  }
}

function ask(url: string, statement: string) {
  const folder = process.env.PG_BIN_DIR
  execFileSync(folder ? `${folder}/psql` : 'psql', ['--quiet', '--no-psqlrc', '-c', statement, url], { stdio: ['ignore', 'ignore', 'inherit'] })
}

function answers(port: number): Promise<boolean> {
  return new Promise((known) => {
    const line = connect(port, '127.0.0.1')
    line.once('connect', () => known(true)).once('error', () => known(false))
    line.once('connect', () => line.destroy())
  })
}
