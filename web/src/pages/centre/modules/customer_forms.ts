import type { Schema } from '../../../rest'
import type { Office } from '../office'
import type { Asked, Question, Said } from '../parts/ask'
import { w } from '../words'

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

/** A segment by one condition; what several say together is put together over REST. */
export function createSegment({ rest, path, shop }: Office): Question {
  const kinds = (['everybody', 'tag', 'spent', 'purchases', 'no_order', 'new', 'follows'] as const).map((is) => [is, w(`condition_${is}`)] as const)
  const is = (...wanted: string[]) => (said: Said) => wanted.includes(said.text('is'))
  const fields: Asked[] = [
    { name: 'name', label: w('title') },
    { name: 'is', label: w('condition'), kind: 'choice', choices: kinds },
    ...tagFields().map((one) => ({ ...one, when: is('tag') })),
    { name: 'amount', label: `${w('atLeast')} (${shop.value.currency})`, kind: 'money', when: is('spent') },
    { name: 'times', label: w('atLeast'), kind: 'whole', when: is('purchases') },
    { name: 'days', label: w('withinDays'), kind: 'whole', when: is('no_order', 'new') },
    { name: 'within', label: w('withinDays'), kind: 'whole', optional: true, when: is('spent', 'purchases') },
  ]
  const work: Question['work'] = (said, header) =>
    rest.POST('/api/v1/shops/{shop_id}/segments', { params: { path, header }, body: { name: said.text('name'), condition: condition(said) } })
  return { title: w('newSegment'), fields, work }
}

function condition(said: Said): Schema<'Condition'> {
  const days = said.whole('within') ?? null
  switch (said.text('is')) {
    case 'tag':
      return { is: 'tag', ...tagOf(said) }
    case 'spent':
      return { is: 'spent', at_least: said.money('amount') ?? 0, days }
    case 'purchases':
      return { is: 'purchases', at_least: said.whole('times') ?? 0, days }
    case 'no_order':
      return { is: 'no_order', days: said.whole('days') ?? 0 }
    case 'new':
      return { is: 'new', days: said.whole('days') ?? 0 }
    case 'follows':
      return { is: 'follows' }
    default:
      return { is: 'everybody' }
  }
}
