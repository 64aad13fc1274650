import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import * as fair from '../src/draw/fair'
import { type DrawFile, verify, written } from '../src/draw/file'
import { Unfit } from '../src/draw/paper'
import { commitmentOf, keepCommitment, keepReceipt, receiptOf } from '../src/draw/kept'
import { readReceipt, verifyReceipt } from '../src/draw/receipt'

/** The vectors that the server's own tests are tried by. */
const vectors = readFileSync('../docs/lottery-vectors.json')
const text = vectors.toString()
const bytes = (said: string) => new TextEncoder().encode(said)

async function wrongOf(said: Uint8Array): Promise<Unfit | undefined> {
  return verify(said).then(() => undefined, (error: unknown) => error as Unfit)
}

/** The name on the top level that a character lies under. */
function under(at: number): string {
  const names = [...text.slice(0, at).matchAll(/\n {2}"/g)]
  const start = names.at(-1)?.index ?? -1
  return text.slice(start + 4).split('"')[0] ?? ''
}

test('the published vectors verify, and are written as the server writes them', async () => {
  const file = await verify(vectors)
  expect(file.winners.map(({ ticket }) => ticket)).toHaveLength(2)
  expect(file.substitutes).toHaveLength(2)
  expect(written(file)).toBe(text)
})

test('a changed character anywhere is found, and its piece or line is named', { timeout: 60_000 }, async () => {
  for (let at = 0; at < text.length; at += 1) {
    const other = String.fromCharCode(text.charCodeAt(at) ^ 1)
    for (const changed of ['0', ' ', '\n', '"', other]) {
      if (changed === text[at]) continue
      const wrong = await wrongOf(bytes(text.slice(0, at) + changed + text.slice(at + 1)))
      expect(wrong, `${at} ${JSON.stringify(changed)}`).toBeInstanceOf(Unfit)
      // A line that is torn apart, or joined with the next one, is missed by its neighbour.
      const line = text.slice(0, at).split('\n').length
      const named = [line - 1, line, line + 1].some((one) => wrong?.at === `line ${one}`)
      expect(named || wrong?.at.includes(under(at)), `${at} ${JSON.stringify(changed)} under ${under(at)}: ${wrong?.message}`).toBeTruthy()
    }
  }
})

test('leaving out, adding and swapping is found as well', async () => {
  const changes: [string, (file: DrawFile) => unknown][] = [
    ['tickets[2]', ({ tickets }) => tickets.splice(2, 1)],
    ['tickets[1]', ({ tickets }) => tickets.splice(1, 3, ...tickets.slice(1, 4).reverse())],
    ['close.tickets', ({ tickets }) => tickets.pop()],
    ['close.left_out', ({ close }) => (close.left_out = [])],
    ['winners[0]', ({ winners }) => winners.reverse()],
    ['substitutes', ({ substitutes }) => substitutes.pop()],
    ['tickets[0]', ({ tickets }) => Object.assign(tickets[0] ?? {}, { because: 'friend' })],
    ['line 3', (file) => (file.draw_id = file.draw_id.toUpperCase())],
  ]
  for (const [at, change] of changes) {
    const file = await verify(vectors)
    change(file)
    expect((await wrongOf(bytes(written(file))))?.at.replace('draw_id', 'line 3')).toContain(at)
  }
  expect((await wrongOf(new Uint8Array([0x7b, 0xff])))?.at).toBe('line 1')
  expect((await wrongOf(bytes(text.replace('\n  "seed"', '\n  "more": 1,\n  "seed"'))))?.why).toBe('wrong_form')
})

test('a seed that was chosen after the commitment is found, even if all that follows from it is made to fit', async () => {
  const file = await verify(vectors)
  file.seed = '5f'.repeat(32)
  file.final_seed = (await fair.mix(file.seed, file.draw_id, file.rules_hash, file.close.hash)) ?? ''
  const places = await fair.select(file.tickets, file.close.left_out, file.final_seed, 4)
  file.winners = places.slice(0, 2)
  file.substitutes = places.slice(2)
  expect(await wrongOf(bytes(written(file)))).toMatchObject({ at: 'draw_id, commitment, seed', why: 'wrong_commitment' })
})

test('a receipt is found in the file, and a changed one is not', async () => {
  const file = await verify(vectors)
  const person = await fair.pseudonym(file.draw_id, 'ann', 'salt')
  const tickets = file.tickets.filter((one) => one.person === person).map(({ number, link }) => ({ number, link }))
  expect(tickets.map(({ number }) => number)).toEqual([1, 3])
  const receipt = readReceipt(JSON.stringify({ draw_id: file.draw_id, commitment: file.commitment, person, salt: 'salt', nonce: '', tickets }))
  if (!receipt) throw new Error('it is a receipt')
  await verifyReceipt(file, receipt, 'ann')
  const refused = async (change: object, user = '') => verifyReceipt(file, { ...receipt, ...change }, user).then(() => '', (error: Unfit) => error.why)
  expect(await refused({ commitment: '0' })).toBe('wrong_receipt')
  expect(await refused({}, 'bob')).toBe('wrong_person')
  expect(await refused({ tickets: [{ number: 2, link: file.tickets[1]?.link }] })).toBe('wrong_ticket')
  expect(await refused({ tickets: [{ number: 1, link: '0' }] })).toBe('wrong_ticket')
  for (const one of [null, {}, 'x', { number: '1', link: '0' }]) expect(await refused({ tickets: [one] }), JSON.stringify(one)).toBe('wrong_ticket')
  expect(readReceipt('{}')).toBeUndefined()
  for (const tickets of [[], [null], [{ number: 1 }], [{ number: '1', link: '0' }], [...receipt.tickets, { number: 1.5, link: '0' }]]) {
    expect(readReceipt(JSON.stringify({ ...receipt, tickets })), JSON.stringify(tickets)).toBeUndefined()
  }
})

test('a device keeps what it saw first, for each of those who use it', () => {
  const shelf = new Map<string, string>()
  vi.stubGlobal('localStorage', { getItem: (key: string) => shelf.get(key) ?? null, setItem: (key: string, text: string) => shelf.set(key, text) })
  const receipt = (person: string, ...numbers: number[]) => ({ draw_id: 'd', commitment: 'c', person, salt: `of ${person}`, tickets: numbers.map((number) => ({ number, link: person })) })
  for (const commitment of ['c', 'changed']) keepCommitment('d', commitment)
  expect(commitmentOf('d')).toBe('c')
  keepReceipt('d', 'ann', receipt('a', 1))
  keepReceipt('d', 'bob', receipt('b', 2))
  keepReceipt('d', 'ann', { ...receipt('a', 1, 3), salt: 'changed' })
  keepReceipt('d', 'ann', receipt('b', 4))
  expect(receiptOf('d', 'ann')).toEqual(receipt('a', 1, 3))
  expect(receiptOf('d', 'bob')).toEqual(receipt('b', 2))
  expect(receiptOf('d', 'eve')).toBeUndefined()
  for (const key of shelf.keys()) shelf.set(key, '{')
  expect(receiptOf('d', 'ann')).toBeUndefined()
  vi.unstubAllGlobals()
})
