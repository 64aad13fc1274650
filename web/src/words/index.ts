import { shallowRef } from 'vue'
import type { Refused } from '../refused'
import type { Words } from './en'

export type Language = 'zh' | 'en'

const chosen = (localStorage.getItem('souk.language') ?? navigator.language).startsWith('zh') ? 'zh' : 'en'
export const language = shallowRef<Language>(chosen)
const refusals = shallowRef<Record<string, string>>()

type Places = Record<string, string | number>
/** Loads each vocabulary in a language. */
const loads: ((which: Language) => Promise<void>)[] = []

/** Words in each language, loaded when it is spoken. What comes back says one of them, with what belongs into its places:
 * `t('unread', { n: 3 })`. */
export function vocabulary<W extends Record<string, string>>(load: (which: Language) => Promise<W>) {
  const words = shallowRef<W>()
  loads.push(async (which) => void (words.value = await load(which)))
  return (key: keyof W, places: Places = {}): string => {
    const text: string = words.value?.[key] ?? ''
    return text.replace(/\{(\w+)\}/g, (_, name: string) => String(places[name] ?? ''))
  }
}

/** What several pages say. */
export const t = vocabulary<Words>(async (which) => (which === 'zh' ? (await import('./zh')).zh : (await import('./en')).en))

/** Loads a language and speaks it from now on. */
export async function speak(which: Language): Promise<void> {
  await Promise.all(loads.map((load) => load(which)))
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

/** Why the server says no, in the language of the page. */
export function whyNot(refused: Pick<Refused, 'code' | 'sentence'>): string {
  if (language.value !== 'zh') return refused.sentence
  if (!refusals.value) void import('./refusals').then((loaded) => (refusals.value = loaded.refusals))
  return refusals.value?.[refused.code] ?? ''
}
