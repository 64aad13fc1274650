import { expect, test } from 'vitest'
import { uuid } from '../src/uuid'

test('ids are random UUIDs, each another', () => {
  const made = Array.from({ length: 1_000 }, uuid)
  for (const one of made) expect(one).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  expect(new Set(made).size).toBe(1_000)
})
