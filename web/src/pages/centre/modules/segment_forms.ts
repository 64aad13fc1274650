import type { Schema } from '../../../rest'
import type { Asked, Question, Said } from '../../../staff/ask'
import type { Office } from '../../../staff/office'
import { tagFields, tagOf } from '../../../staff/tag_forms'
import { w } from '../words'

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
