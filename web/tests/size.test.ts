import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

/** All that a file makes the browser load at once: what it imports, and the styles of that. */
function loads(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  const text = readFileSync(`dist/${file}`, 'utf8')
  const links = file.endsWith('.html') ? /(?:src|href)="\/assets\/([^"]+)"/g : /(?:from|import)\s*["`']\.\/([^"`']+)["`']/g
  for (const [, name] of text.matchAll(links)) loads(`assets/${name}`, seen)
  return seen
}

/** What all of it weighs on the way, with what the page loads by itself besides. */
function weighs(page: string, besides: RegExp): [sum: number, each: string] {
  const rest = readdirSync('dist/assets').filter((name) => besides.test(name))
  const files = [...new Set([...loads(page), ...rest.map((name) => `assets/${name}`)])]
  const sizes = files.map((file) => [gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length, file] as const)
  expect(sizes.length).toBeGreaterThan(4)
  return [sizes.reduce((sum, [size]) => sum + size, 0), sizes.join('\n')]
}

test('a customer sees the first message for 60 KiB', () => {
  const [sum, each] = weighs('index.html', /^zh-.*\.js$/)
  expect(sum, each).toBeLessThan(60 * 1_024)
})

test('a site with the chat on it loads 4 KiB for the button, and 62 KiB when the chat is opened', () => {
  expect(gzipSync(readFileSync('dist/widget.js'), { level: 9 }).length).toBeLessThan(4 * 1_024)
  const [sum, each] = weighs('embed.html', /^((embed_)?zh|page)-.*\.(js|css)$/)
  expect(sum, each).toBeLessThan(62 * 1_024)
})

test('a merchant sees the first module for 80 KiB', () => {
  const [sum, each] = weighs('centre.html', /^(staff_zh|centre_zh|zh|Home|Orders)-.*\.(js|css)$/)
  expect(sum, each).toBeLessThan(80 * 1_024)
})

test('an agent sees the queue and the first conversation for 90 KiB', () => {
  const [sum, each] = weighs('desk.html', /^(staff_zh|desk_zh|zh)-.*\.js$/)
  expect(sum, each).toBeLessThan(90 * 1_024)
})

test('a browser that takes compressed files never gets others', () => {
  const names = readdirSync('dist/assets')
  const large = names.filter((name) => /\.(js|css)$/.test(name) && readFileSync(`dist/assets/${name}`).length >= 200)
  expect(large.length).toBeGreaterThan(4)
  for (const name of large) expect(names).toEqual(expect.arrayContaining([`${name}.br`, `${name}.gz`]))
})
