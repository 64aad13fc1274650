import { expect, test } from 'vitest'
import { Backoff } from '../src/backoff'

test('waits grow by chance up to five seconds, and begin anew once a line holds', () => {
  const most = new Backoff(() => 1)
  expect(Array.from({ length: 7 }, () => most.next())).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000])
  most.held()
  expect(most.next()).toBe(200)
  expect(new Backoff(() => 0.25).next()).toBe(50)
})
