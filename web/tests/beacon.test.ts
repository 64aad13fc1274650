import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { begins, type Chain, QUICKNET, randomnessOf, roundAfter } from '../src/draw/beacon'
import * as fair from '../src/draw/fair'
import { type DrawFile, verify, written } from '../src/draw/file'
import { Unfit } from '../src/draw/paper'
import { isSigned } from '../src/draw/signature'

/** The vectors that the server's own tests are tried by: a draw that was decided by a round of a chain of the tests. */
const vectors = readFileSync('../docs/lottery-vectors-beacon.json')
const text = vectors.toString()
const bytes = (said: string) => new TextEncoder().encode(said)
const wrongOf = (said: string) => verify(bytes(said)).then(() => undefined, (error: unknown) => error as Unfit)

function under(at: number): string {
  const names = [...text.slice(0, at).matchAll(/\n {2}"/g)]
  return text.slice((names.at(-1)?.index ?? -1) + 4).split('"')[0] ?? ''
}

/** The same closed list, before its round is known, with these changes. */
async function waiting(change: Partial<DrawFile> = {}): Promise<DrawFile> {
  return { ...(await verify(vectors)), beacon: undefined, final_seed: '', winners: [], substitutes: [], ...change }
}

test('a round that quicknet has published verifies, under its number alone', async () => {
  const signature = 'b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39'
  expect(await isSigned(QUICKNET.public_key, 1_000, signature)).toBe(true)
  expect(await randomnessOf(signature)).toBe('fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd')
  expect(await isSigned(QUICKNET.public_key, 1_001, signature)).toBe(false)
  for (const forged of [signature.replace('b4', 'b5'), signature.toUpperCase(), '', `c0${'00'.repeat(47)}`]) expect(await isSigned(QUICKNET.public_key, 1_000, forged), forged).toBe(false)
})

test('a round begins a whole period after the close, and not much later', () => {
  const chain: Chain = { ...QUICKNET, genesis: 1_000 }
  expect([1_000_000, 1_000_001, 1_003_000, 1_003_001, 0, 997_001].map((at) => roundAfter(chain, at))).toEqual([2, 3, 3, 4, 1, 2])
  for (let at = 1_000_000; at < 1_020_000; at += 7) {
    const wait = begins(chain, roundAfter(chain, at)) - at
    expect(wait >= 3_000 && wait < 6_000, String(at)).toBe(true)
  }
})

test('the published vectors verify, and are written as the server writes them', async () => {
  const file = await verify(vectors)
  expect([file.grade, file.winners.length, file.substitutes.length]).toEqual(['beacon', 1, 1])
  expect(written(file)).toBe(text)
})

test('a changed character anywhere is found, and its piece or line is named', { timeout: 120_000 }, async () => {
  for (let at = 0; at < text.length; at += 1) {
    const changed = String.fromCharCode(text.charCodeAt(at) ^ 1)
    const wrong = await wrongOf(text.slice(0, at) + changed + text.slice(at + 1))
    expect(wrong, `${at}`).toBeInstanceOf(Unfit)
    const line = text.slice(0, at).split('\n').length
    const named = [line - 1, line, line + 1].some((one) => wrong?.at === `line ${one}`)
    expect(named || wrong?.at.includes(under(at)), `${at} under ${under(at)}: ${wrong?.message}`).toBeTruthy()
  }
})

test('a file that waits for its round verifies and names nobody; one that was called off says when and why', async () => {
  const file = await waiting()
  expect((await verify(bytes(written(file)))).final_seed).toBe('')
  const at = (file.close.at ?? 0) + 5_000
  const cancelled = { at, because: '没货了', hash: await fair.cancelled(file.close.hash, at, '没货了') }
  expect((await verify(bytes(written({ ...file, cancelled })))).cancelled).toEqual(cancelled)
  const whole = await verify(vectors)
  const wrongs: [Partial<DrawFile>, string][] = [
    [{ final_seed: whole.final_seed }, 'beacon, final_seed'],
    [{ winners: whole.winners }, 'winners[0]'],
    [{ cancelled: { ...cancelled, because: '没人了' } }, 'cancelled'],
    [{ cancelled: { ...cancelled, at: at + 1 } }, 'cancelled'],
    [{ cancelled, beacon: whole.beacon }, 'beacon, cancelled'],
    [{ grade: 'participants' }, 'grade'],
  ]
  for (const [change, where] of wrongs) expect((await wrongOf(written(await waiting(change))))?.at).toBe(where)
})

test('another round, another time and a beacon that nobody named are found, even if the hashes fit', async () => {
  const whole = await verify(vectors)
  const { at = 0, round = 0 } = whole.close
  const closed = async (at: number, round: number) => {
    const hash = await fair.close(whole.tickets.length, whole.close.last_link, [], [at, round])
    const final_seed = (await fair.mix(whole.seed, whole.draw_id, whole.rules_hash, hash, [String(round), whole.beacon?.randomness ?? ''])) ?? ''
    const places = await fair.select(whole.tickets, [], final_seed, 2)
    return { ...whole, close: { ...whole.close, at, round, hash }, final_seed, winners: places.slice(0, 1), substitutes: places.slice(1) }
  }
  expect((await wrongOf(written(await closed(at, round + 1))))?.why).toBe('wrong_round')
  expect((await wrongOf(written(await closed(at - 6_000, round - 2))))?.why).toBe('wrong_early')
  expect((await wrongOf(written(await closed(at + 3_000, round + 1))))?.why).toBe('wrong_signature')
  const plain = await verify(readFileSync('../docs/lottery-vectors.json'))
  expect((await wrongOf(written({ ...plain, beacon: whole.beacon })))?.why).toBe('wrong_beacon')
  const hash = await fair.close(plain.tickets.length, plain.close.last_link, plain.close.left_out, [at, round])
  expect((await wrongOf(written({ ...plain, close: { ...plain.close, at, round, hash } })))?.why).toBe('wrong_beacon')
})
