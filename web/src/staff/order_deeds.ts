import { type Schema, told } from '../rest'
import type { Office } from './office'
import type { Asked, Question, Said } from './ask'
import { w, type Word } from './words'

type Order = Schema<'OrderShown'>
/** One thing that the server lets staff do with an order now, and what it asks first. */
export interface OrderDeed {
  word: Word
  /** The next step in an order's life; the others are beside the way. */
  main?: boolean
  question: Question
}

const reason: Asked = { name: 'reason', label: w('reason'), optional: true }

/** What the page offers with an order: exactly what the server's own list says (`may`), and what staff may write on it at any time. */
export function orderDeeds(office: Office, order: Order, carriers: Schema<'Carrier'>[], done: (order: Order) => void): OrderDeed[] {
  const { rest } = office
  const params = { path: { shop_id: office.shop_id, order_id: order.id } }
  const of = (word: Word, work: Question['work'], more: Partial<Question> = {}, main = false): OrderDeed => ({
    word,
    main,
    question: { title: `${w(word)} · ${order.number ?? ''}`, button: w(word), ...more, work },
  })
  const step = (answer: Promise<{ data?: Order }>) => told(answer).then(done)
  const path = '/api/v1/shops/{shop_id}/orders/{order_id}' as const

  const known: Partial<Record<Schema<'OrderDeed'>, () => OrderDeed>> = {
    accept: () => {
      const body = { revision: order.revision, hash: order.hash }
      const text = order.review.map((finding) => w(`review_${finding}` as Word) || finding).join(' ')
      return of('deed_accept', () => step(rest.POST(`${path}/accept`, { params, body })), { text }, true)
    },
    prepare: () => of('deed_prepare', (said) => step(rest.POST(`${path}/prepare`, { params, body: { remark: said.text('remark') } })), { fields: [remark()] }, true),
    get_ready: () => of('deed_get_ready', (said) => step(rest.POST(`${path}/get-ready`, { params, body: { remark: said.text('remark') } })), { fields: [remark()] }, true),
    start: () => {
      const fields: Asked[] = [{ name: 'person', label: w('person') }, remark()]
      return of('deed_start', (said) => step(rest.POST(`${path}/start`, { params, body: { person: said.text('person'), remark: said.text('remark') } })), { fields }, true)
    },
    ship: () => {
      const choices = carriers.map(({ code, name }) => [code, name] as const)
      const fields: Asked[] = [{ name: 'carrier', label: w('carrier'), kind: 'choice', choices }, { name: 'number', label: w('trackingNumber') }, ...parts(order), remark()]
      const work: Question['work'] = (said) => {
        const body = { carrier: said.text('carrier'), tracking_number: said.text('number'), units: unitsOf(order, said), remark: said.text('remark') }
        return step(rest.POST(`${path}/ship`, { params, body }))
      }
      return of('deed_ship', work, { fields, text: choices.length === 0 ? w('noCarriers') : '' }, true)
    },
    finish: () => of('deed_finish', () => step(rest.POST(`${path}/finish`, { params, body: {} })), {}, true),
    pay: () => {
      const fields: Asked[] = [{ name: 'reference', label: w('paymentReference') }]
      return of('deed_pay', (said) => step(rest.POST(`${path}/confirm-payment`, { params, body: { reference: said.text('reference') } })), { fields, text: w('payHint') })
    },
    cancel: () => of('deed_cancel', (said) => step(rest.POST(`${path}/cancel`, { params, body: { reason: said.text('reason') } })), { fields: [reason], danger: true }),
    withdraw: () => of('deed_withdraw', (said) => step(rest.POST(`${path}/withdraw`, { params, body: { reason: said.text('reason') } })), { fields: [reason], danger: true }),
    note: () => {
      const fields: Asked[] = [{ name: 'text', label: w('noteText'), kind: 'text' }, { name: 'pictures', label: w('pictures'), kind: 'pictures', optional: true }]
      return of('deed_note', (said) => step(rest.POST(`${path}/notes`, { params, body: { text: said.text('text'), pictures: said.several('pictures') } })), { fields })
    },
    readdress: () => {
      const { recipient } = order
      const fields = (['name', 'phone', 'address'] as const).map((name) => ({ name, label: w(`recipient_${name}`), value: recipient[name] }))
      const work: Question['work'] = (said) => {
        const body = { name: said.text('name'), phone: said.text('phone'), address: said.text('address') }
        return step(rest.PUT(`${path}/recipient`, { params, body }))
      }
      return of('deed_readdress', work, { fields })
    },
    mark_short: () => {
      const lines = order.lines.map((one) => [String(one.line), titleOf(one)] as const)
      const reasons = (['oversold', 'miscounted', 'damaged', 'supplier_late', 'discontinued', 'other'] as const).map((one) => [one, w(`short_${one}`)] as const)
      const fields: Asked[] = [{ name: 'line', label: w('line'), kind: 'choice', choices: lines }, { name: 'units', label: w('units'), kind: 'whole', value: '1' }, { name: 'reason', label: w('reason'), kind: 'choice', choices: reasons }]
      const work: Question['work'] = async (said, key) => {
        const body = { line: said.whole('line') ?? 0, units: said.whole('units') ?? 0, reason: said.text('reason') as Schema<'ShortageReason'> }
        await rest.POST(`${path}/shortages`, { params: { ...params, header: key }, body })
        await step(rest.GET(path, { params }))
      }
      return of('deed_mark_short', work, { fields })
    },
  }
  if (order.paid > order.refunded) known.apply = () => of('deed_apply', giveBack(office, order, done), { fields: backFields(order), text: w('giveBackHint') })
  if (office.may('verify_orders')) {
    known.hand_over = () => {
      const fields: Asked[] = [{ name: 'code', label: w('pickupCode') }]
      return of('deed_hand_over', (said) => step(rest.POST(`${path}/hand-over`, { params, body: { code: said.text('code') } })), { fields }, true)
    }
  }
  // Whether money came twice is a payment provider's to say; what is paid already is not offered again.
  if (order.payment_status !== 'unpaid') delete known.pay
  return [...order.may.flatMap((deed) => known[deed]?.() ?? []), ...always(office, order, done)]
}

/** What is written on an order, for colleagues, whatever its state. */
function always(office: Office, order: Order, done: (order: Order) => void): OrderDeed[] {
  const { rest } = office
  const params = { path: { shop_id: office.shop_id, order_id: order.id } }
  const path = '/api/v1/shops/{shop_id}/orders/{order_id}' as const
  const step = (answer: Promise<{ data?: Order }>) => told(answer).then(done)
  const text: Asked = { name: 'text', label: w('what'), kind: 'text' }
  const of = (word: Word, fields: Asked[], work: Question['work']): OrderDeed => ({ word, question: { title: w(word), fields, work } })
  const claim = order.owner_id
    ? of('letGo', [], () => step(rest.DELETE(`${path}/claim`, { params })))
    : of('claimOrder', [], () => step(rest.PUT(`${path}/claim`, { params, body: {} })))
  const flag = order.abnormal
    ? of('resolve', [text], (said) => step(rest.POST(`${path}/resolve`, { params, body: { text: said.text('text') } })))
    : of('flag', [text], (said) => step(rest.POST(`${path}/flag`, { params, body: { text: said.text('text') } })))
  return [claim, flag]
}

/** Which units' money goes back: those that were sent, or those that will never be. */
function backFields(order: Order): Asked[] {
  const left = order.lines.filter((one) => one.units > one.refunded)
  const only = left.length === 1 ? String((left[0]?.units ?? 0) - (left[0]?.refunded ?? 0)) : ''
  const units = left.map((one): Asked => ({ name: `line${one.line}`, label: w('backUnits', { title: titleOf(one), n: one.units - one.refunded }), kind: 'whole', optional: true, value: only }))
  const sent = left.some((one) => one.shipped > 0)
  const choices = (['sent', 'unsent'] as const).map((one) => [one, w(`back_${one}`)] as const)
  return [...units, { name: 'which', label: w('backWhich'), kind: 'choice', choices, value: sent ? 'sent' : 'unsent' }, { ...reason, label: w('backReason'), optional: false }]
}

function giveBack({ rest, shop_id }: Office, order: Order, done: (order: Order) => void): Question['work'] {
  const params = { path: { shop_id, order_id: order.id } }
  return async (said, header) => {
    const body = { lines: unitsOf(order, said), sent: said.text('which') === 'sent', reason: said.text('reason') }
    await rest.POST('/api/v1/shops/{shop_id}/orders/{order_id}/cases', { params: { ...params, header }, body })
    await told(rest.GET('/api/v1/shops/{shop_id}/orders/{order_id}', { params })).then(done)
  }
}

/** How many of each line somebody has named. */
function unitsOf(order: Order, said: Said): Schema<'LineUnits'>[] {
  return order.lines.map(({ line }) => ({ line, units: said.whole(`line${line}`) ?? 0 })).filter(({ units }) => units > 0)
}

function titleOf({ title, choice }: Order['lines'][number]): string {
  return [title, ...choice].join(' · ')
}

function remark(): Asked {
  return { name: 'remark', label: w('remark'), optional: true }
}

/** How many of each line go into this parcel; empty: all that is left. */
function parts(order: Order): Asked[] {
  const left = order.lines.filter((one) => one.units - one.shipped - one.refunded - one.dropped > 0)
  if (left.length === 1 && left[0]?.units === 1) return []
  return left.map((one) => ({ name: `line${one.line}`, label: w('unitsOf', { title: titleOf(one), n: one.units - one.shipped - one.dropped }), kind: 'whole', optional: true }))
}

/** Several orders at once: what the server does in one request, and what became of each. */
export async function batch(office: Office, orders: Order[], deed: Schema<'Deed'>): Promise<Schema<'Outcome'>[]> {
  const seen = orders.map(({ id, revision, hash }) => ({ order_id: id, seen: { revision, hash } }))
  const { outcomes } = await told(office.rest.POST('/api/v1/shops/{shop_id}/orders/batch', { params: { path: office.path }, body: { orders: seen, deed } }))
  return outcomes
}
