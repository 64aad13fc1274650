import type { Schema } from '../rest'
import type { Asked, Question, Said } from './ask'
import type { Office } from './office'
import { w } from './words'

const dimensions = ['preference', 'source', 'spending', 'frequency'] as const

export function tagFields(): Asked[] {
  return [
    { name: 'dimension', label: w('dimension'), kind: 'choice', choices: dimensions.map((one) => [one, w(`dimension_${one}`)]) },
    { name: 'tag', label: w('tag') },
  ]
}

export function tagOf(said: Said): Schema<'Tag'> {
  return { dimension: said.text('dimension') as Schema<'TagDimension'>, name: said.text('tag') }
}

export function tagCustomers({ rest, path }: Office, customer_ids: string[]): Question {
  const work: Question['work'] = (said, header) =>
    rest.POST('/api/v1/shops/{shop_id}/customer-tags', { params: { path, header }, body: { tag: tagOf(said), customer_ids } })
  return { title: w('addTag'), fields: tagFields(), work }
}

export function untag({ rest, shop_id }: Office, user_id: string, { dimension, name }: Schema<'Tag'>): Question {
  const work: Question['work'] = () =>
    rest.DELETE('/api/v1/shops/{shop_id}/customers/{user_id}/tags', { params: { path: { shop_id, user_id }, query: { dimension, name } } })
  return { title: `${w('takeOut')}: ${name}`, button: w('takeOut'), work }
}
