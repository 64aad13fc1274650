import { type Schema, told } from '../../../rest'
import type { Asked, Question } from '../../../staff/ask'
import { facedAs } from '../../../staff/coupon_words'
import type { Office } from '../../../staff/office'
import { w } from '../words'

/** Gives one of the shop's coupons into a conversation: to its customer, or so many to a group. */
export async function giveCoupon({ rest, path, money }: Office, conversation_id: string, isGroup: boolean): Promise<Question> {
  const { templates } = await told(rest.GET('/api/v1/shops/{shop_id}/coupon-templates', { params: { path, query: { limit: 100 } } }))
  const choices = templates.filter(isOut).map((one) => [one.id, `${one.terms.title} · ${facedAs(one.terms.face, money)}`] as const)
  const many: Asked[] = [
    { name: 'pieces', label: w('pieces'), kind: 'whole', value: '5' },
    { name: 'minutes', label: w('minutes'), kind: 'whole', value: '1440' },
  ]
  const work: Question['work'] = (said, header) => {
    const body = { template_id: said.text('template'), conversation_id, pieces: said.whole('pieces') ?? 1, minutes: said.whole('minutes') ?? 1_440 }
    return rest.POST('/api/v1/shops/{shop_id}/coupon-gifts', { params: { path, header }, body })
  }
  const fields: Asked[] = [{ name: 'template', label: w('template'), kind: 'choice', choices }, ...(isGroup ? many : [])]
  return { title: w('giveCoupon'), text: choices.length === 0 ? w('noTemplates') : '', button: w('give'), fields, work }
}

function isOut({ state }: Schema<'CouponTemplate'>): boolean {
  return state === 'published'
}
