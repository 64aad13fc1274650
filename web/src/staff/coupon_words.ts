import type { Schema } from '../rest'
import { w } from './words'

/** What a coupon takes off, in words. */
export function facedAs(face: Schema<'Face'>, money: (minor: number) => string): string {
  const from = 'threshold' in face && face.threshold ? ` · ${w('fromAmount', { amount: money(face.threshold) })}` : ''
  if (face.kind !== 'percentage') return money(face.value) + from
  const cap = face.cap ? ` · ${w('atMost', { amount: money(face.cap) })}` : ''
  return w('percentOff', { n: face.off / 100 }) + from + cap
}

export function couponTone(state: Schema<'CouponTemplateState'>) {
  if (state === 'published') return 'good'
  return state === 'draft' || state === 'trial' ? 'wait' : 'calm'
}

/** Basis points as people say them. */
export function percent(points: number | null | undefined): string {
  return points === null || points === undefined ? '—' : `${(points / 100).toFixed(1)} %`
}
