import type { Schema } from '../../../rest'
import { moment, money } from '../../../words/forms'
import { w } from '../words'

type Terms = Schema<'CouponTerms'>

/** What it takes off. */
export function faceWords({ face }: Terms, currency: string): string {
  if (face.kind !== 'percentage') return w('offAmount', { amount: money(face.value, currency) })
  const n = face.off / 100
  return face.cap ? w('offShareCap', { n, amount: money(face.cap, currency) }) : w('offShare', { n })
}

export function thresholdWords({ face }: Terms, currency: string): string {
  const threshold = 'threshold' in face ? (face.threshold ?? 0) : 0
  return threshold > 0 ? w('fromAmount', { amount: money(threshold, currency) }) : w('anyAmount')
}

/** All that is to be known of it, a line each. */
export function rulesOf({ terms, first_order_only, valid_from, valid_until }: Schema<'Coupon'>): string[] {
  const { scope } = terms
  const names = scope.of === 'categories' ? scope.categories.map((path) => path.join(' › ')).join(', ') : ''
  const rules = [w(`scope_${scope.of}`, { names }), w(terms.stacks_with_promotions ? 'stacks' : 'stacksNot')]
  if (first_order_only) rules.push(w('firstOrder'))
  if (Date.parse(valid_from) > Date.now()) rules.push(w('validFrom', { time: moment(Date.parse(valid_from)) }))
  return [...rules, w('validUntil', { time: moment(Date.parse(valid_until)) })]
}
