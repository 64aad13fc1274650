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

test('a customer sees the first message for 60 KiB', () => {
  const language = readdirSync('dist/assets').find((name) => /^zh-.*\.js$/.test(name))
  const files = [...loads('index.html'), `assets/${language}`]
  const sizes = files.map((file) => [gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length, file] as const)
  const sum = sizes.reduce((sum, [size]) => sum + size, 0)
  expect(files.length).toBeGreaterThan(4)
  expect(sum, sizes.join('\n')).toBeLessThan(60 * 1_024)
})

test('a merchant sees the first module for 80 KiB', () => {
  const rest = readdirSync('dist/assets').filter((name) => /^(centre_zh|zh|Home|Orders)-.*\.(js|css)$/.test(name))
  const files = [...loads('centre.html'), ...rest.map((name) => `assets/${name}`)]
  const sum = files.reduce((sum, file) => sum + gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length, 0)
  expect(files.length).toBeGreaterThan(8)
  expect(sum, files.join('\n')).toBeLessThan(80 * 1_024)
})

test('a browser that takes compressed files never gets others', () => {
  const names = readdirSync('dist/assets')
  const large = names.filter((name) => /\.(js|css)$/.test(name) && readFileSync(`dist/assets/${name}`).length >= 200)
  expect(large.length).toBeGreaterThan(4)
  for (const name of large) expect(names).toEqual(expect.arrayContaining([`${name}.br`, `${name}.gz`]))
})
