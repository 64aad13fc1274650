/// <reference types="vitest/config" />
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

const server = process.env.SOUK_URL ?? 'http://127.0.0.1:8080'

/** What is built together shares code. A phone must not load what only a shop's people need of it (tables, forms), so their pages are
 * built by themselves: `vite build --mode staff`; and so is the page by which draws are checked. The service worker is one file, with the
 * same address for ever. */
const together: Record<string, string[]> = { staff: ['desk.html', 'centre.html'], verify: ['verify.html'], widget: ['src/widget/widget.ts'], worker: ['src/push/worker.ts'] }

/** What other people's sites load, and the service worker, are one file each, which leaves nothing behind where it runs. */
const alone = (file: string) => ({ format: 'iife' as const, entryFileNames: file })
const files: Record<string, string> = { widget: 'widget.js', worker: 'push.js' }

/** What every page loads at once is one file: what later parts share with it would make crumbs of it, which compress badly. */
const first = /node_modules|src\/(pages\/LogIn|look|room|session|rest|socket|backoff|refused|uuid|place|files|icons|store|contract|words\/(index|forms)|talk\/(?!PictureOf)|cards\/(CardOf|index|card))/

export default defineConfig(({ mode }) => ({
  plugins: [vue(), addresses(), forTheServer(mode)],
  define: { __VUE_OPTIONS_API__: 'false' },
  build: {
    target: 'es2022',
    // The folder itself stays: the server's build looks into it.
    emptyOutDir: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: together[mode] ?? ['index.html', 'embed.html'], output: files[mode] ? alone(files[mode]) : mode in together ? {} : { codeSplitting: { groups: [{ name: 'first', test: first }] } } },
  },
  server: { proxy: { '/api': server, '/dev': server, '/socket': { target: server, ws: true, rewriteWsOrigin: true, changeOrigin: true } } },
  test: { include: ['tests/**/*.test.ts'], testTimeout: 20_000, hookTimeout: 60_000 },
}))

/** While developing, pages have the addresses that the server gives them. */
function addresses(): Plugin {
  return {
    name: 'addresses',
    configureServer(dev) {
      dev.middlewares.use((request, _, next) => {
        request.url = request.url?.replace(/^\/(desk|centre|verify)(?=\?|$)/, '/$1.html').replace(/^\/embed\/[^?]*/, '/embed.html')
        next()
      })
    },
  }
}

/** Leaves nothing of an older build behind (the first of them clears away), and compresses each file once, so that the server never has to. */
function forTheServer(mode: string): Plugin {
  return {
    name: 'for-the-server',
    apply: 'build',
    buildStart() {
      if (mode in together) return
      for (const name of readdirSync('dist')) if (name !== '.gitignore') rmSync(join('dist', name), { recursive: true })
    },
    closeBundle() {
      const files = readdirSync('dist', { recursive: true, encoding: 'utf8' })
      for (const file of files) if (/\.(html|js|css|svg)$/.test(file)) compress(join('dist', file))
    },
  }
}

function compress(file: string) {
  const bytes = readFileSync(file)
  if (bytes.length < 200) return
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }))
}
