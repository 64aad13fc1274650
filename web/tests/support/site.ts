import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a shop's site puts on its page. */
export interface Told {
  /** What stands in its `<html>`. */
  lang?: string
  /** Attributes of the script tag beside where it comes from. */
  tag: string
  /** A script of the site's own, before the tag. */
  own?: string
}

/** A small site of somebody else's, with styles that would spoil everything and a policy that allows as little as it can. */
export class Site {
  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  /** @param souk Where the chat is. */
  static async open(souk: string, told: (path: string) => Told): Promise<Site> {
    const server = createServer((asked, answer) => {
      const { lang = 'en', tag, own = '' } = told(asked.url ?? '/')
      const policy = `default-src 'none'; img-src data:; style-src 'nonce-site'; script-src 'nonce-site' ${souk}; frame-src ${souk}; connect-src 'self'`
      answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy })
      answer.end(`<!doctype html><html lang="${lang}"><head><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>Tea house</title>
<style nonce="site">* { color: rgb(1, 2, 3) !important; font-size: 40px } div, dialog, iframe, button { display: none !important } :root * { transform: rotate(3deg) }</style>
<script nonce="site">window.before = Object.getOwnPropertyNames(window); ${own}</script>
<script src="${souk}/widget.js" ${tag} async></script></head>
<body><h1>Tea</h1><p>Leaves from the hills.</p></body></html>`)
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    // By another name than the server's: to a browser another site altogether.
    return new Site(server, `http://localhost:${(server.address() as AddressInfo).port}`)
  }

  close() {
    this.server.close()
  }
}

/** Signs as a shop's own site does. */
export function signed(key: { id: string; secret: string }, claims: { iss: string; sub: string; name?: string }): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1_000)
  const words = `${part({ alg: 'HS256', typ: 'JWT', kid: key.id })}.${part({ aud: 'souk', iat: now, exp: now + 300, ...claims })}`
  return `${words}.${createHmac('sha256', key.secret).update(words).digest('base64url')}`
}
