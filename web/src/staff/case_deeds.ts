import { type Schema, told } from '../rest'
import type { Office } from './office'
import type { Asked, Question } from './ask'
import { w, type Word } from './words'

type Case = Schema<'CaseShown'>
export interface CaseDeed {
  word: Word
  main: boolean
  question: Question
}

export function caseTone(state: Schema<'CaseState'>) {
  if (state === 'pending_review' || state === 'return_in_transit') return 'wait'
  if (state === 'refunded' || state === 'exchange_shipped') return 'good'
  return state === 'rejected' || state === 'refund_refused' ? 'bad' : 'calm'
}

/** What the page offers with a case: what the server's own list says (`may`). */
export function caseDeeds(office: Office, shown: Case, carriers: Schema<'Carrier'>[], done: (shown: Case) => void): CaseDeed[] {
  const { rest } = office
  const params = { path: { shop_id: office.shop_id, case_id: shown.id } }
  const path = '/api/v1/shops/{shop_id}/cases/{case_id}' as const
  const step = (answer: Promise<{ data?: Case }>) => told(answer).then(done)
  const of = (word: Word, work: Question['work'], more: Partial<Question> = {}): CaseDeed => ({
    word,
    main: !more.danger,
    question: { title: `${w(word)} · ${shown.order_number}`, button: w(word), ...more, work },
  })
  const reason: Asked = { name: 'reason', label: w('reason') }
  const back = shown.kind === 'exchange' ? '' : w('moneyBack', { amount: office.money(shown.amount) })
  const known: Partial<Record<Schema<'CaseDeed'>, () => CaseDeed>> = {
    approve: () => of('deed_approve', () => step(rest.POST(`${path}/approve`, { params, body: {} })), { text: back }),
    refund: () => of('deed_refund', () => step(rest.POST(`${path}/refund`, { params, body: {} })), { text: back }),
    ship_exchange: () => {
      const choices = carriers.map(({ code, name }) => [code, name] as const)
      const fields: Asked[] = [{ name: 'carrier', label: w('carrier'), kind: 'choice', choices }, { name: 'number', label: w('trackingNumber') }]
      const work: Question['work'] = (said) => step(rest.POST(`${path}/ship-exchange`, { params, body: { carrier: said.text('carrier'), tracking_number: said.text('number') } }))
      return of('deed_ship_exchange', work, { fields })
    },
    reject: () => of('deed_reject', (said) => step(rest.POST(`${path}/reject`, { params, body: { reason: said.text('reason') } })), { fields: [reason], danger: true }),
    refuse: () => {
      const fields: Asked[] = [reason, { name: 'pictures', label: w('pictures'), kind: 'pictures' }]
      return of('deed_refuse', (said) => step(rest.POST(`${path}/refuse`, { params, body: { reason: said.text('reason'), pictures: said.several('pictures') } })), { fields, danger: true })
    },
  }
  return shown.may.flatMap((deed) => known[deed]?.() ?? [])
}
