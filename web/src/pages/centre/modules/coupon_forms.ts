import { type Schema, told } from '../../../rest'
import type { Office } from '../../../staff/office'
import type { Asked, Question, Said } from '../../../staff/ask'
import { w } from '../words'

type Template = Schema<'CouponTemplate'>
type Face = Schema<'Face'>

/** What it takes off, for whom, how many, until when (docs/coupons.md). */
export function createCoupon(office: Office, done: (template: Template) => void): Question {
  const kinds = (['full_reduction', 'no_threshold', 'percentage'] as const).map((kind) => [kind, w(`face_${kind}`)] as const)
  const people = (['anyone', 'first_order', 'lapsed'] as const).map((who) => [who, w(`who_${who}`)] as const)
  const aims = (['new_customers', 'repeat_purchase', 'clear_stock', 'other'] as const).map((aim) => [aim, w(`aim_${aim}`)] as const)
  const isPercentage = (said: Said) => said.text('kind') === 'percentage'
  const fields: Asked[] = [
    { name: 'title', label: w('title') },
    { name: 'kind', label: w('takesOff'), kind: 'choice', choices: kinds },
    { name: 'value', label: w('faceValue'), kind: 'money', when: (said) => !isPercentage(said) },
    { name: 'off', label: w('percentTaken'), kind: 'percent', when: isPercentage },
    { name: 'cap', label: w('cap'), kind: 'money', optional: true, when: isPercentage },
    { name: 'threshold', label: w('threshold'), kind: 'money', optional: true, when: (said) => said.text('kind') !== 'no_threshold' },
    { name: 'days', label: w('validDays'), kind: 'whole', value: '7' },
    { name: 'categories', label: w('onlyCategories'), kind: 'text', optional: true, hint: w('categoriesHint') },
    { name: 'who', label: w('forWhom'), kind: 'choice', choices: people },
    { name: 'lapsed', label: w('lapsedDays'), kind: 'whole', value: '30', when: (said) => said.text('who') === 'lapsed' },
    { name: 'aim', label: w('aim'), kind: 'choice', choices: aims },
    { name: 'quantity', label: w('quantity'), kind: 'whole', optional: true },
    { name: 'budget', label: w('budget'), kind: 'money', optional: true },
    { name: 'per_person', label: w('perPerson'), kind: 'whole', value: '1' },
    { name: 'stacks', label: w('stacks'), kind: 'yes', value: true },
  ]
  const work: Question['work'] = async (said, header) => {
    const params = { path: office.path, header }
    const body = {
      terms: { title: said.text('title'), face: face(said), scope: scope(said), stacks_with_promotions: said.yes('stacks') },
      validity: { days: said.whole('days') ?? 0 },
      eligibility: eligibility(said),
      aim: said.text('aim') as Schema<'Aim'>,
      quantity: said.whole('quantity') ?? null,
      budget: said.money('budget') ?? null,
      per_person: said.whole('per_person') ?? 1,
    }
    done(await told(office.rest.POST('/api/v1/shops/{shop_id}/coupon-templates', { params, body })))
  }
  return { title: w('newCoupon'), text: w('couponHint'), fields, work }
}

function face(said: Said): Face {
  const threshold = said.money('threshold') ?? 0
  if (said.text('kind') === 'percentage') return { kind: 'percentage', off: said.percent('off') ?? 0, cap: said.money('cap') ?? null, threshold }
  const value = said.money('value') ?? 0
  return said.text('kind') === 'no_threshold' ? { kind: 'no_threshold', value } : { kind: 'full_reduction', value, threshold }
}

function scope(said: Said): Schema<'Scope'> {
  const paths = said.text('categories').split('\n').map((path) => path.split(/[>›/]/).map((word) => word.trim()).filter(Boolean))
  const categories = paths.filter((path) => path.length > 0)
  return categories.length > 0 ? { of: 'categories', categories } : { of: 'shop' }
}

function eligibility(said: Said): Schema<'Eligibility'> {
  const who = said.text('who')
  if (who === 'lapsed') return { who, days: said.whole('lapsed') ?? 0 }
  return { who: who === 'first_order' ? who : 'anyone' }
}
