import { type Schema, told } from '../../../rest'
import type { Office } from '../../../staff/office'
import type { Asked, Question, Said } from '../../../staff/ask'
import { w } from '../words'

type Plan = Schema<'NewCampaign'>

/** Who hears what, and when. What is asked is only counted: nothing is sent yet. */
export async function planned(office: Office, done: (plan: Plan, count: Schema<'DryRun'>) => void): Promise<Question> {
  const { rest, path } = office
  const { segments } = await told(rest.GET('/api/v1/shops/{shop_id}/segments', { params: { path } }))
  const { templates } = await told(rest.GET('/api/v1/shops/{shop_id}/coupon-templates', { params: { path } }))
  const coupons = templates.filter(({ state }) => state === 'published').map(({ id, terms }) => [id, terms.title] as const)
  const groups = await groupsOf(office)
  const fields: Asked[] = [
    { name: 'name', label: w('title') },
    { name: 'segment', label: w('segment'), kind: 'choice', choices: segments.map(({ id, name }) => [id, name]), optional: true, hint: segments.length === 0 ? w('noSegmentsYet') : '' },
    { name: 'text', label: w('campaignText'), kind: 'text', hint: w('campaignTextHint'), when: (said) => said.text('segment') !== '' },
    { name: 'groups', label: w('groupsTold'), kind: 'several', choices: groups, when: () => groups.length > 0 },
    { name: 'groupText', label: w('groupText'), kind: 'text', hint: w('groupTextHint'), when: (said) => said.several('groups').length > 0 },
    { name: 'coupon', label: w('withCoupon'), kind: 'choice', choices: coupons, optional: true },
    { name: 'starts_at', label: w('startsAt'), kind: 'time', optional: true, hint: w('nowHint') },
  ]
  const work: Question['work'] = async (said) => {
    const body = plan(said)
    done(body, await told(rest.POST('/api/v1/shops/{shop_id}/campaigns/dry-run', { params: { path }, body })))
  }
  return { title: w('newCampaign'), text: w('dryRunHint'), button: w('dryRun'), fields, work }
}

function plan(said: Said): Plan {
  const template_id = said.text('coupon') || null
  const segment_id = said.text('segment')
  const group_ids = said.several<string>('groups')
  return {
    name: said.text('name'),
    layers: segment_id ? [{ segment_id, text: said.text('text'), template_id }] : [],
    notice: group_ids.length > 0 ? { group_ids, text: said.text('groupText'), template_id } : null,
    starts_at: said.time('starts_at') ?? null,
  }
}

/** How many would hear it, and how it reads; then it goes. */
export function launchable(office: Office, body: Plan, count: Schema<'DryRun'>, done: (campaign: Schema<'Campaign'>) => void): Question {
  const kept = count.layers.reduce((sum, one) => sum + one.opted_out + one.banned + one.had_enough, 0)
  const counted = w('wouldHear', { n: count.messages, groups: count.groups, kept })
  const sample = count.layers[0]?.sample ?? ''
  return {
    title: w('launch'),
    text: sample ? `${counted} ${w('sample', { text: sample })}` : counted,
    button: w('launch'),
    work: async (_, header) => done(await told(office.rest.POST('/api/v1/shops/{shop_id}/campaigns', { params: { path: office.path, header }, body }))),
  }
}

/** The shop's groups, to choose from; none for who may not see them. */
export async function groupsOf(office: Office): Promise<(readonly [string, string])[]> {
  if (!office.may('manage_groups')) return []
  const { groups } = await told(office.rest.GET('/api/v1/shops/{shop_id}/groups', { params: { path: office.path, query: { limit: 100 } } }))
  return (groups ?? []).filter(({ dissolved }) => !dissolved).map(({ id, name }) => [id ?? '', name ?? ''] as const)
}
