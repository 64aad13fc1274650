import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type PacketFile, isPacket, readShare, verifyPacket, verifyShare, writtenPacket } from '../src/draw/packet'
import { Unfit } from '../src/draw/paper'
import * as shares from '../src/draw/shares'

/** The vectors that the server's own tests are tried by. */
const vectors = readFileSync('../docs/red-packet-vectors.json')
const text = vectors.toString()
const bytes = (said: string) => new TextEncoder().encode(said)

async function wrongOf(said: Uint8Array): Promise<Unfit | undefined> {
  return verifyPacket(said).then(() => undefined, (error: unknown) => error as Unfit)
}

/** The name on the top level that a character lies under. */
function under(at: number): string {
  const start = [...text.slice(0, at).matchAll(/\n {2}"/g)].at(-1)?.index ?? -1
  return text.slice(start + 4).split('"')[0] ?? ''
}

test('the published vectors verify, and are written as the server writes them', async () => {
  const file = await verifyPacket(vectors)
  expect(file.shares).toEqual([295, 230, 363, 9, 103])
  expect(file.takes.reduce((sum, { amount }) => sum + amount, file.returned)).toBe(1_000)
  expect(writtenPacket(file)).toBe(text)
  expect([isPacket(vectors), isPacket(readFileSync('../docs/lottery-vectors.json'))]).toEqual([true, false])
})

test('a changed character anywhere is found, and its piece or line is named', { timeout: 60_000 }, async () => {
  for (let at = 0; at < text.length; at += 1) {
    const other = String.fromCharCode(text.charCodeAt(at) ^ 1)
    for (const changed of ['0', 'a', 'A', ' ', '\n', '"', other]) {
      if (changed === text[at]) continue
      const said = bytes(text.slice(0, at) + changed + text.slice(at + 1))
      expect(isPacket(said), `${at}`).toBe(true)
      const wrong = await wrongOf(said)
      expect(wrong, `${at} ${JSON.stringify(changed)}`).toBeInstanceOf(Unfit)
      const line = text.slice(0, at).split('\n').length
      const named = [line - 1, line, line + 1].some((one) => wrong?.at === `line ${one}`)
      expect(named || wrong?.at.includes(under(at)), `${at} ${JSON.stringify(changed)}: ${wrong?.message}`).toBe(true)
    }
  }
})

test('leaving out, adding and swapping is found as well, and so is a fen that was put elsewhere', async () => {
  const changes: [string, (file: PacketFile) => unknown][] = [
    ['takes[1]', ({ takes }) => takes.splice(1, 1)],
    ['takes[0]', ({ takes }) => takes.reverse()],
    ['returned', ({ takes }) => takes.pop()],
    ['shares', (file) => (file.shares = file.shares.slice(0, 4))],
    ['shares[0]', (file) => (file.shares[0] = 1)],
    ['shares[3]', (file) => (file.shares[3] = 1)],
    ['returned', (file) => (file.returned = 0)],
  ]
  for (const [at, change] of changes) {
    const file = await verifyPacket(vectors)
    change(file)
    expect((await wrongOf(bytes(writtenPacket(file))))?.at).toContain(at)
  }
  expect((await wrongOf(bytes(text.replace('\n  "seed"', '\n  "more": 1,\n  "seed"'))))?.why).toBe('wrong_form')
})

test('a seed that was chosen after the commitment is found, and so is more than was in a share', async () => {
  const file = await verifyPacket(vectors)
  file.seed = '5f'.repeat(32)
  file.shares = await shares.split(1_000, 5, 'lucky', file.seed)
  expect(await wrongOf(bytes(writtenPacket(file)))).toMatchObject({ at: 'red_packet_id, commitment, seed', why: 'wrong_commitment' })
  const more = await verifyPacket(vectors)
  const last = more.takes[2]
  if (!last) throw new Error('three took one')
  last.amount += 1
  last.link = await shares.link(more.takes[1]?.link ?? '', last)
  expect(await wrongOf(bytes(writtenPacket(more)))).toMatchObject({ at: 'takes[2]', why: 'wrong_amount' })
})

test('whatever is split, each share is one or more, and together they are the total', async () => {
  for (const [total, pieces] of [[5, 5], [1_000, 7], [20_000_000, 500], [503, 500]] as const) {
    for (const kind of ['equal', 'lucky'] as const) {
      const split = await shares.split(total, pieces, kind, 'a seed')
      expect([split.length, split.reduce((sum, one) => sum + one, 0)]).toEqual([pieces, total])
      expect(Math.min(...split)).toBeGreaterThanOrEqual(1)
      if (kind === 'equal') expect(Math.max(...split) - Math.min(...split)).toBeLessThanOrEqual(1)
    }
  }
  expect(await shares.split(4, 5, 'lucky', '')).toEqual([])
})

test('one’s own share is found in the file, and a changed one is not', async () => {
  const file = await verifyPacket(vectors)
  const person = await shares.pseudonym(file.red_packet_id, 'bob', 'salt')
  const { takes, red_packet_id, commitment } = file
  const share = readShare(JSON.stringify({ ...takes.find((one) => one.person === person), red_packet_id, commitment, salt: 'salt', currency: 'CNY', taken_at: 1 }))
  if (!share) throw new Error('it is a share')
  expect(share.place).toBe(2)
  await verifyShare(file, share, 'bob')
  const refused = async (change: object, user = '') => verifyShare(file, { ...share, ...change }, user).then(() => '', (error: Unfit) => error.why)
  expect(await refused({ commitment: '0' })).toBe('wrong_share_receipt')
  expect(await refused({}, 'eve')).toBe('wrong_person')
  for (const change of [{ place: 1 }, { place: 9 }, { amount: 231 }, { link: '0' }]) expect(await refused(change)).toBe('wrong_own_share')
  expect([readShare('{}'), readShare('['), readShare(JSON.stringify({ ...share, amount: '1' }))]).toEqual([undefined, undefined, undefined])
})
