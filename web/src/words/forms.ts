import { locale, t } from './index'

/** An amount of whole minor units: 15900 CNY is ¥159.00. */
export function money(minor: number, currency: string): string {
  const form = new Intl.NumberFormat(locale(), { style: 'currency', currency: currency || 'CNY', currencyDisplay: 'narrowSymbol' })
  const digits = form.resolvedOptions().maximumFractionDigits ?? 2
  return form.format(minor / 10 ** digits)
}

/** 14:05 */
export function timeOfDay(ms: number): string {
  return new Intl.DateTimeFormat(locale(), { hour: '2-digit', minute: '2-digit', hour12: false }).format(ms)
}

/** Today, yesterday, or a date. */
export function day(ms: number, now = Date.now()): string {
  const days = (startOfDay(now) - startOfDay(ms)) / 86_400_000
  if (days < 0.5) return t('today')
  if (days < 1.5) return t('yesterday')
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' }).format(ms)
}

/** Short, for lists: the time of today, or the day. */
export function when(ms: number): string {
  return startOfDay(ms) === startOfDay(Date.now()) ? timeOfDay(ms) : day(ms)
}

/** With day and time. */
export function moment(ms: number): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'short', timeStyle: 'short', hour12: false }).format(ms)
}

/** How long somebody waits: 3 min, 2 h, 4 d. */
export function howLong(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000))
  if (minutes < 60) return t('minutes', { n: minutes })
  if (minutes < 48 * 60) return t('hours', { n: Math.floor(minutes / 60) })
  return t('days', { n: Math.floor(minutes / 1_440) })
}

export function startOfDay(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0)
}
