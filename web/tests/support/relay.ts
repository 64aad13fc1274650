import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bls12_381 } from '@noble/curves/bls12-381.js'

const { shortSignatures } = bls12_381
const SECRET = new Uint8Array(32)
SECRET[31] = 42
const GENESIS = 1_700_000_000
const CHAIN = '42'.repeat(32)

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest())

/** A relay of a chain of the tests: it has each round from the moment at which it begins, or none while it is silent. */
export class Relay {
  isSilent = false

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Relay> {
    const server = createServer((request, answer) => {
      const round = Number(request.url?.split('/').at(-1))
      const isThere = !relay.isSilent && Date.now() >= (GENESIS + (round - 1) * 3) * 1_000
      answer.writeHead(isThere ? 200 : 404).end(isThere ? told(round) : '')
    })
    const relay = new Relay(server)
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    return relay
  }

  /** What a server is started with that asks this relay. */
  get flags(): string[] {
    const { port } = this.server.address() as AddressInfo
    const set = { relays: `http://127.0.0.1:${port}`, chain: CHAIN, public_key: hex(shortSignatures.getPublicKey(SECRET).toBytes()), genesis: GENESIS }
    return Object.entries(set).flatMap(([name, value]) => ['--set', `beacon.${name}=${value}`])
  }

  stop() {
    this.server.close()
  }
}

function told(round: number): string {
  const number = Buffer.alloc(8)
  number.writeBigUInt64BE(BigInt(round))
  const signature = shortSignatures.sign(shortSignatures.hash(sha256(number)), SECRET).toBytes()
  return JSON.stringify({ round, randomness: hex(sha256(signature)), signature: hex(signature) })
}
