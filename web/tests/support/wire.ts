import { createServer, type Server, Socket, connect } from 'node:net'

/** A line to the server that can be cut. */
export class Wire {
  private readonly ends = new Set<Socket>()
  private port = 0
  /** So many bytes come from the server before the line breaks by itself. */
  carries = Infinity
  /** Nobody gets through. */
  down = false
  /** How often somebody came. */
  opened = 0

  private constructor(
    private readonly server: Server,
    private readonly to: URL,
  ) {}

  static async to(url: string): Promise<Wire> {
    const server = createServer()
    const wire = new Wire(server, new URL(url))
    server.on('connection', (near) => wire.join(near))
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const address = server.address()
    wire.port = typeof address === 'object' && address ? address.port : 0
    return wire
  }

  get socket(): string {
    return `ws://127.0.0.1:${this.port}/socket`
  }

  /** Breaks every line, without a word. */
  cut() {
    for (const end of this.ends) end.destroy()
  }

  stop() {
    this.cut()
    this.server.close()
  }

  private join(near: Socket) {
    if (this.down) return void near.destroy()
    this.opened += 1
    const far = connect(Number(this.to.port), this.to.hostname)
    let left = this.carries
    far.on('data', (bytes) => {
      near.write(bytes.subarray(0, left))
      left -= bytes.length
      if (left <= 0) near.destroySoon()
    })
    near.on('data', (bytes) => far.write(bytes))
    for (const [end, other] of [[near, far], [far, near]] as const) {
      this.ends.add(end)
      end.on('error', () => undefined)
      end.on('close', () => {
        this.ends.delete(end)
        other.destroy()
      })
    }
  }
}
