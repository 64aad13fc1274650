import type { Schema } from '../rest'
import { w } from './words'

type Tone = 'good' | 'wait' | 'bad' | 'calm'

const waits = new Set<string>(['pending_acceptance', 'pending_allocation', 'accepted', 'preparing', 'partially_shipped', 'ready_for_pickup'])

export function toneOf({ state, abnormal }: Schema<'OrderShown'>): Tone {
  if (abnormal) return 'bad'
  if (waits.has(state)) return 'wait'
  return state === 'completed' ? 'good' : 'calm'
}

export function goodsOf({ lines }: Schema<'OrderShown'>): string {
  const [first] = lines
  if (!first) return ''
  const rest = lines.length > 1 ? ` ${w('andMore', { n: lines.length - 1 })}` : ''
  return `${[first.title, ...first.choice].join(' · ')} × ${first.units}${rest}`
}
