import { createServer, type Server, Socket, connect } from 'node:net'

/** An address that leads to a server, by lines that can be cut. Where there are several servers it leads to the first that is there. */
export class Wire {
  private readonly ends = new Set<Socket>()
  private port = 0
  /** So many bytes come from the server before the line breaks by itself. */
  carries = Infinity
  /** Nobody gets through. */
  down = false
  /** What the server says gets lost on its way; what it is told arrives. */
  deaf = false
  /** How often somebody came. */
  opened = 0

  private ways: URL[] = []

  private constructor(private readonly server: Server) {}

  static async to(...urls: string[]): Promise<Wire> {
    const server = createServer()
    const wire = new Wire(server)
    wire.lead(...urls)
    server.on('connection', (near) => void wire.join(near))
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const address = server.address()
    wire.port = typeof address === 'object' && address ? address.port : 0
    return wire
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get socket(): string {
    return `${this.url.replace('http', 'ws')}/socket`
  }

  /** Leads there from now on: to the first of them that takes the line. */
  lead(...urls: string[]) {
    this.ways = urls.map((url) => new URL(url))
  }

  /** Breaks every line, without a word. */
  cut() {
    for (const end of this.ends) end.destroy()
  }

  stop() {
    this.cut()
    this.server.close()
  }

  private async join(near: Socket) {
    if (this.down) return void near.destroy()
    this.opened += 1
    this.holds(near)
    const far = await this.reach()
    if (!far || near.destroyed) return void [near, far].forEach((end) => end?.destroy())
    this.holds(far)
    let left = this.carries
    far.on('data', (bytes) => {
      if (this.deaf) return
      near.write(bytes.subarray(0, left))
      left -= bytes.length
      if (left <= 0) near.destroySoon()
    })
    near.on('data', (bytes) => far.write(bytes))
    for (const [end, other] of [[near, far], [far, near]] as const) end.on('close', () => other.destroy())
  }

  /** The end of a line: it may break, and it can be cut. */
  private holds(end: Socket) {
    this.ends.add(end)
    end.on('error', () => undefined)
    end.on('close', () => this.ends.delete(end))
  }

  private async reach(): Promise<Socket | undefined> {
    for (const { port, hostname } of this.ways) {
      const far = connect(Number(port), hostname)
      const there = await new Promise<boolean>((known) => far.once('connect', () => known(true)).once('error', () => known(false)))
      if (there) return far
    }
    return undefined
  }
}
