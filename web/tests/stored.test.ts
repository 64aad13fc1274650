import { expect, test } from 'vitest'
import { Session } from '../src/session'
import type { Socket } from '../src/socket'
import { SendQueue } from '../src/store/send_queue'
import { Shelf } from './support/people'

const broken = ['', '{', 'null', '{"half": ', 'x']

test('who is logged in by something unreadable is logged out, and can log in', () => {
  for (const text of broken) {
    const shelf = new Shelf()
    shelf.setItem('souk.session.customer', text)
    expect(new Session('customer', shelf, 'http://127.0.0.1').user, text).toBeUndefined()
  }
})

test('what was said and can be read is sent, whatever lies beside it', () => {
  const shelf = new Shelf()
  const whole = (id: string, said_at: number) => ({ request: { conversation_id: 'c', client_message_id: id, text: id }, state: 'sending', said_at })
  for (const [at, text] of [...broken, '{}', '[]', '7'].entries()) shelf.setItem(`sends.${at}`, text)
  for (const send of [whole('second', 2), whole('first', 1)]) shelf.setItem(`sends.${send.request.client_message_id}`, JSON.stringify(send))
  const socket = { state: { value: 'waiting' } } as Socket
  expect([...new SendQueue(socket, shelf, 'sends.', () => false).sends.keys()]).toEqual(['first', 'second'])
})
