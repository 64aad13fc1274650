import type { Schema } from '../rest'
import type { Office } from './office'
import type { Asked, Question, Said } from './ask'
import { w } from './words'

/** Kinds of prizes that the form has places for. */
const KINDS = 3

/** What the rules of a lottery have to say: the server refuses what is left out (`draw_incomplete`). */
export function publishDraw({ rest, path, shop }: Office, groups: (readonly [string, string])[]): Question {
  const prizes = Array.from({ length: KINDS }, (_, at): Asked[] => {
    const when = (said: Said) => at === 0 || said.text(`prize${at - 1}`) !== ''
    return [
      { name: `prize${at}`, label: w('prizeOf', { n: at + 1 }), optional: at > 0, when },
      { name: `value${at}`, label: w('prizeValue'), kind: 'money', when: (said) => said.text(`prize${at}`) !== '' },
      { name: `quantity${at}`, label: w('units'), kind: 'whole', value: '1', when: (said) => said.text(`prize${at}`) !== '' },
    ]
  })
  const fields: Asked[] = [
    { name: 'group', label: w('group'), kind: 'choice', choices: groups },
    { name: 'title', label: w('title') },
    { name: 'organiser', label: w('organiser'), value: shop.value.name },
    { name: 'contact', label: w('contact') },
    ...prizes.flat(),
    { name: 'conditions', label: w('conditions'), kind: 'text' },
    { name: 'entry', label: w('entry'), kind: 'choice', choices: (['who_enters', 'every_member'] as const).map((one) => [one, w(`entry_${one}`)]) },
    { name: 'target', label: w('targetMembers'), kind: 'whole', optional: true },
    { name: 'ends_at', label: w('endsAt'), kind: 'time' },
    { name: 'how', label: w('claimHow') },
    { name: 'days', label: w('claimDays'), kind: 'whole', value: '7' },
    { name: 'delivery', label: w('claimDelivery') },
    { name: 'forfeiture', label: w('claimForfeiture') },
  ]
  const work: Question['work'] = (said, header) => rest.POST('/api/v1/shops/{shop_id}/draws', { params: { path, header }, body: draw(said) })
  return { title: w('newDraw'), text: w('drawHint'), button: w('publish'), fields, work }
}

function draw(said: Said): Schema<'NewDraw'> {
  const named = Array.from({ length: KINDS }, (_, at) => at).filter((at) => said.text(`prize${at}`) !== '')
  return {
    conversation_id: said.text('group'),
    title: said.text('title'),
    organiser: said.text('organiser'),
    contact: said.text('contact'),
    prizes: named.map((at) => ({ name: said.text(`prize${at}`), value: said.money(`value${at}`) ?? 0, quantity: said.whole(`quantity${at}`) ?? 1 })),
    conditions: said.text('conditions'),
    entry: said.text('entry') as Schema<'DrawEntry'>,
    target: said.whole('target') ?? null,
    ends_at: said.time('ends_at'),
    claim: { how: said.text('how'), days: said.whole('days') ?? 0, delivery: said.text('delivery'), forfeiture: said.text('forfeiture') },
  }
}
