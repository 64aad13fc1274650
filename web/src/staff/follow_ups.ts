import type { Question } from './ask'
import type { Office } from './office'
import { w } from './words'

const path = '/api/v1/shops/{shop_id}/customers/{user_id}/follow-ups' as const

/** A note on a customer; with a time its author is reminded then. */
export function writeFollowUp({ rest, shop_id }: Office, user_id: string): Question {
  const params = { path: { shop_id, user_id } }
  return {
    title: w('newFollowUp'),
    fields: [{ name: 'content', label: w('what'), kind: 'text' }, { name: 'due_at', label: w('remindAt'), kind: 'time', optional: true }],
    work: (said, header) => rest.POST(path, { params: { ...params, header }, body: { content: said.text('content'), due_at: said.time('due_at') ?? null } }),
  }
}

/** What the note asks for is done. */
export function finishFollowUp({ rest, shop_id }: Office, user_id: string, follow_up_id: string): Question {
  const params = { path: { shop_id, user_id, follow_up_id } }
  return { title: w('followUpDone'), button: w('followUpDone'), work: () => rest.POST(`${path}/{follow_up_id}/done`, { params, body: {} }) }
}
