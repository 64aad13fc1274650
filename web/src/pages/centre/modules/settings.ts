import { Refused } from '../../../refused'
import { type Schema, told } from '../../../rest'
import type { Office } from '../../../staff/office'
import { typedOf } from '../../../staff/amount'
import type { Question } from '../../../staff/ask'
import { w, type Word } from '../words'

/** One thing that holds for the shop: how it is now, in lines, and the question that changes it. */
export interface Setting {
  name: Word
  read(): Promise<string[]>
  question(): Question
}

/** Reads before it asks: what the question begins with is what was read. */
function setting<T>(name: Word, load: () => Promise<T>, lines: (now: T) => string[], question: (now: T) => Omit<Question, 'title'>): Setting {
  let now: T
  return {
    name,
    read: async () => lines((now = await load())).filter(Boolean),
    question: () => ({ title: w(name), ...question(now) }),
  }
}

/** A shop that has told nothing of itself yet has no profile. */
function nothingYet(error: unknown): Schema<'Profile'> {
  if (error instanceof Refused && error.code === 'not_found') return {}
  throw error
}

const clock = (time: string) => time.slice(0, 5)

export function settings(office: Office): Setting[] {
  const { rest, path, money, may } = office
  const params = { path }
  const typed = (minor: number) => typedOf(minor, office.shop.value.currency)
  const all: Setting[] = [
    setting(
      'shopName',
      () => told(rest.GET('/api/v1/shops/{shop_id}', { params })),
      (now) => [now.name, now.currency],
      (now) => ({
        fields: [{ name: 'name', label: w('shopName'), value: now.name }],
        work: async (said) => void (office.shop.value = await told(rest.PATCH('/api/v1/shops/{shop_id}', { params, body: { name: said.text('name') } }))),
      }),
    ),
    setting(
      'profile',
      () => told(rest.GET('/api/v1/shops/{shop_id}/profile', { params })).catch(nothingYet),
      (now) => [now.introduction ?? '', now.service_hours ?? '', now.phone ?? ''],
      (now) => ({
        fields: [
          { name: 'introduction', label: w('introduction'), kind: 'text', value: now.introduction, optional: true },
          { name: 'service_hours', label: w('serviceHoursWords'), value: now.service_hours, optional: true },
          { name: 'phone', label: w('recipient_phone'), value: now.phone ?? '', optional: true },
        ],
        work: (said) => rest.PUT('/api/v1/shops/{shop_id}/profile', { params, body: { ...now, introduction: said.text('introduction'), service_hours: said.text('service_hours'), phone: said.text('phone') || null } }),
      }),
    ),
    setting(
      'serviceHours',
      () => told(rest.GET('/api/v1/shops/{shop_id}/service-hours', { params })),
      ({ hours }) => [hours ? `${clock(hours.opens)} – ${clock(hours.closes)}` : w('always'), hours?.reply ?? ''],
      ({ hours }) => ({
        fields: [
          { name: 'opens', label: w('opens'), value: clock(hours?.opens ?? '09:00'), hint: '09:00' },
          { name: 'closes', label: w('closes'), value: clock(hours?.closes ?? '22:00'), hint: '22:00' },
          { name: 'reply', label: w('offHoursReply'), kind: 'text', value: hours?.reply },
        ],
        work: (said) => rest.PUT('/api/v1/shops/{shop_id}/service-hours', { params, body: { opens: `${said.text('opens')}:00`, closes: `${said.text('closes')}:00`, reply: said.text('reply') } }),
      }),
    ),
    setting(
      'orderRules',
      () => told(rest.GET('/api/v1/shops/{shop_id}/order-rules', { params })),
      (now) => [w('payWithinOf', { n: now.pay_within_minutes }), w('receivedAfterOf', { n: now.received_after_days }), now.policy],
      (now) => ({
        fields: [
          { name: 'pay', label: w('payWithin'), kind: 'whole', value: now.pay_within_minutes },
          { name: 'received', label: w('receivedAfter'), kind: 'whole', value: now.received_after_days },
          { name: 'unpaid', label: w('unpaidAtMost'), kind: 'whole', value: now.unpaid_at_most },
          { name: 'edit', label: w('customersMayEdit'), kind: 'yes', value: now.customers_may_edit },
          { name: 'review', label: w('reviewBlocks'), kind: 'yes', value: now.review_blocks },
          { name: 'survey', label: w('surveyWhenCompleted'), kind: 'yes', value: now.survey_when_completed },
          { name: 'policy', label: w('policy'), kind: 'text', value: now.policy, optional: true },
        ],
        work: (said) => {
          const body: Schema<'RulesChange'> = {
            pay_within_minutes: said.whole('pay'), received_after_days: said.whole('received'), unpaid_at_most: said.whole('unpaid'),
            customers_may_edit: said.yes('edit'), review_blocks: said.yes('review'), survey_when_completed: said.yes('survey'), policy: said.text('policy'),
          }
          return rest.PATCH('/api/v1/shops/{shop_id}/order-rules', { params, body })
        },
      }),
    ),
    setting(
      'afterSaleRules',
      () => told(rest.GET('/api/v1/shops/{shop_id}/after-sale-rules', { params })),
      (now) => [w('backWithinOf', { n: now.days }), w('approvedUpToOf', { amount: money(now.approve_up_to) }), now.return_address, now.policy],
      (now) => ({
        fields: [
          { name: 'days', label: w('backWithin'), kind: 'whole', value: now.days },
          { name: 'up_to', label: w('approvedUpTo'), kind: 'money', value: typed(now.approve_up_to) },
          { name: 'pictures', label: w('picturesWanted'), kind: 'yes', value: now.pictures_wanted },
          { name: 'address', label: w('returnAddress'), value: now.return_address, optional: true },
          { name: 'policy', label: w('policy'), kind: 'text', value: now.policy, optional: true },
        ],
        work: (said) => {
          const body = { days: said.whole('days'), approve_up_to: said.money('up_to'), pictures_wanted: said.yes('pictures'), return_address: said.text('address'), policy: said.text('policy') }
          return rest.PATCH('/api/v1/shops/{shop_id}/after-sale-rules', { params, body })
        },
      }),
    ),
    setting(
      'freight',
      () => told(rest.GET('/api/v1/shops/{shop_id}/freight', { params })),
      (now) => [money(now.fee), now.free_from ? w('freeFromOf', { amount: money(now.free_from) }) : ''],
      (now) => ({
        fields: [{ name: 'fee', label: w('freightFee'), kind: 'money', value: typed(now.fee) }, { name: 'free', label: w('freeFrom'), kind: 'money', value: now.free_from ? typed(now.free_from) : '', optional: true }],
        work: (said) => rest.PUT('/api/v1/shops/{shop_id}/freight', { params, body: { fee: said.money('fee') ?? 0, free_from: said.money('free') ?? null } }),
      }),
    ),
  ]
  return may('manage_campaigns') ? [...all, ...campaignSettings(office, typed)] : all
}

function campaignSettings({ rest, path, money }: Office, typed: (minor: number) => string): Setting[] {
  const params = { path }
  return [
    setting(
      'welcome',
      () => told(rest.GET('/api/v1/shops/{shop_id}/welcome', { params })),
      (now) => [now.text || w('nothingSaid')],
      (now) => ({ fields: [{ name: 'text', label: w('welcome'), kind: 'text', value: now.text, optional: true }], work: (said) => rest.PUT('/api/v1/shops/{shop_id}/welcome', { params, body: { text: said.text('text') } }) }),
    ),
    setting(
      'campaignRules',
      () => told(rest.GET('/api/v1/shops/{shop_id}/campaign-rules', { params })),
      (now) => [w('quietOf', { from: clock(now.quiet_from), until: clock(now.quiet_until) }), w('perDayOf', { n: now.per_day })],
      (now) => ({
        fields: [
          { name: 'from', label: w('quietFrom'), value: clock(now.quiet_from) },
          { name: 'until', label: w('quietUntil'), value: clock(now.quiet_until) },
          { name: 'per_day', label: w('perDay'), kind: 'whole', value: now.per_day },
        ],
        work: (said) => rest.PUT('/api/v1/shops/{shop_id}/campaign-rules', { params, body: { ...now, quiet_from: `${said.text('from')}:00`, quiet_until: `${said.text('until')}:00`, per_day: said.whole('per_day') ?? 1 } }),
      }),
    ),
    setting(
      'tagRules',
      () => told(rest.GET('/api/v1/shops/{shop_id}/tag-rules', { params })),
      (now) => [w('tagRulesOf', { low: money(now.low_at_most), high: money(now.high_from) }), w('repeatOf', { n: now.repeat_from, days: now.repeat_days })],
      (now) => ({
        fields: [
          { name: 'low', label: w('lowAtMost'), kind: 'money', value: typed(now.low_at_most) },
          { name: 'high', label: w('highFrom'), kind: 'money', value: typed(now.high_from) },
          { name: 'times', label: w('repeatFrom'), kind: 'whole', value: now.repeat_from },
          { name: 'days', label: w('withinDays'), kind: 'whole', value: now.repeat_days },
        ],
        work: (said) => {
          const body = { low_at_most: said.money('low') ?? 0, high_from: said.money('high') ?? 0, repeat_from: said.whole('times') ?? 1, repeat_days: said.whole('days') ?? 1 }
          return rest.PUT('/api/v1/shops/{shop_id}/tag-rules', { params, body })
        },
      }),
    ),
  ]
}
