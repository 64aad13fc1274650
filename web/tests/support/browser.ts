import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { codeFor, type Person } from './people'
import type { TestServer } from './server'

type Settings = Parameters<Browser['newContext']>[0]

/** Browsers that people look at the pages with of whatever server is at an address. */
export class Browsers {
  /** Whatever a page complains of, a refused script among it. */
  readonly troubles: string[] = []

  private constructor(
    private readonly server: Pick<TestServer, 'url'>,
    private readonly browser: Browser,
    private readonly shots: string,
  ) {}

  static async of(server: Pick<TestServer, 'url'>): Promise<Browsers> {
    const shots = process.env.SOUK_SHOTS ?? 'shots'
    mkdirSync(shots, { recursive: true })
    const args = ['--no-sandbox', '--disable-background-networking', '--disable-gpu', '--disable-features=LocalNetworkAccessChecks']
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args })
    return new Browsers(server, browser, shots)
  }

  /** A browser of somebody's own. */
  async open(path: string, settings: Settings): Promise<Page> {
    const context: BrowserContext = await this.browser.newContext(settings)
    if (process.env.SOUK_PAGES) await this.serve(context, process.env.SOUK_PAGES)
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    page.on('pageerror', (error) => this.troubles.push(error.message))
    page.on('console', (said) => said.type() === 'error' && this.troubles.push(`${said.text()} ${said.location().url}`))
    await page.goto(path.startsWith('about:') ? path : this.server.url + path)
    return page
  }

  /** The browser of somebody who has logged in before. */
  openAs(person: Person, path: string, settings: Settings): Promise<Page> {
    const storageState = { cookies: [], origins: [{ origin: this.server.url, localStorage: person.kept() }] }
    return this.open(path, { ...settings, storageState })
  }

  /** Pages as they were just built, out of a folder, in the place of those in the program: it need not be built anew for each try. */
  private async serve(context: BrowserContext, folder: string) {
    await context.route(new RegExp(`^${this.server.url}/(desk|centre|verify|widget.js|embed/[^?]*|assets/[^?]*)?(\\?.*)?$`), async (route) => {
      const path = new URL(route.request().url()).pathname
      const isFile = path.startsWith('/assets') || path.endsWith('.js')
      const isFramed = path.startsWith('/embed/')
      const file = `${folder}/${isFile ? path : `${isFramed ? 'embed' : path.slice(1) || 'index'}.html`}`
      if (!existsSync(file)) return route.continue()
      const { 'content-security-policy': policy = '' } = (await route.fetch({ url: `${this.server.url}${isFramed ? path : '/'}`, headers: {} })).headers()
      const kinds = { js: 'text/javascript', css: 'text/css', html: 'text/html' } as const
      const kind = kinds[file.split('.').at(-1) as keyof typeof kinds]
      await route.fulfill({ body: readFileSync(file), headers: { 'content-type': kind, 'content-security-policy': policy } })
    })
  }

  async giveCode(page: Page, phone: string) {
    await page.getByRole('textbox', { name: 'Code' }).waitFor()
    await page.getByRole('textbox', { name: 'Code' }).fill(await codeFor(this.server, phone))
    await page.keyboard.press('Enter')
  }

  shot(page: Page, name: string) {
    return page.screenshot({ path: `${this.shots}/${name}.png` })
  }

  /** A picture for the README, where such are asked for: they change with each run, and nobody wants that in every commit. */
  async picture(page: Page, name: string) {
    if (process.env.SOUK_PICTURES) await page.screenshot({ path: `${process.env.SOUK_PICTURES}/${name}.png` })
  }

  async close() {
    await this.browser.close()
  }
}
