import { shallowRef } from 'vue'
import type { Refused } from '../refused'
import type { Words } from './en'

export type Language = 'zh' | 'en'

const chosen = (localStorage.getItem('souk.language') ?? navigator.language).startsWith('zh') ? 'zh' : 'en'
export const language = shallowRef<Language>(chosen)
const words = shallowRef<Words>()
const refusals = shallowRef<Record<string, string>>()

/** Loads a language and speaks it from now on. */
export async function speak(which: Language): Promise<void> {
  words.value = which === 'zh' ? (await import('./zh')).zh : (await import('./en')).en
  language.value = which
  document.documentElement.lang = locale()
}

/** The other one, on this device from now on. */
export async function speakOther(): Promise<void> {
  const other = language.value === 'zh' ? 'en' : 'zh'
  localStorage.setItem('souk.language', other)
  await speak(other)
}

export function locale(): string {
  return language.value === 'zh' ? 'zh-CN' : 'en'
}

/** Words with what belongs into their places: `t('unread', { n: 3 })`. */
export function t(key: keyof Words, places: Record<string, string | number> = {}): string {
  const text = words.value?.[key] ?? ''
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(places[name] ?? ''))
}

/** Why the server says no, in the language of the page. */
export function whyNot(refused: Pick<Refused, 'code' | 'sentence'>): string {
  if (language.value !== 'zh') return refused.sentence
  if (!refusals.value) void import('./refusals').then((loaded) => (refusals.value = loaded.refusals))
  return refusals.value?.[refused.code] ?? ''
}
