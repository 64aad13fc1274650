// What the pages are made of and with is permissive, all of it: a licence that is not on this list is a decision.
import { readFileSync } from 'node:fs'

// Vite brings it along to build with; nothing of it comes into a page.
const onlyBuilds = /^node_modules\/lightningcss(-|$)/
// The stories look at pages with it; nothing of it is shipped.
const onlyLooks = /^node_modules\/axe-core$/
const permissive = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'Python-2.0', 'CC0-1.0', 'Unlicense'])
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const isPermissive = (licence = '') => licence.replace(/[()]/g, '').split(/ OR /).some((one) => one.split(/ AND /).every((each) => permissive.has(each)))
const others = Object.entries(packages).filter(([path, { license }]) => path && !isPermissive(license) && !onlyBuilds.test(path) && !onlyLooks.test(path))
for (const [path, { license }] of others) console.error(`${path}: ${license}`)
console.log(`${Object.keys(packages).length - 1} packages, ${others.length} without a permissive licence`)
process.exit(others.length > 0 ? 1 : 0)
