import { vocabulary } from '../../words'
import type { StaffWords } from './staff_en'

/** What desk and centre both say. */
export const w = vocabulary<StaffWords>(staffWords)

export type Word = keyof StaffWords

/** For the vocabularies that have more. */
export async function staffWords(which: 'zh' | 'en'): Promise<StaffWords> {
  return which === 'zh' ? (await import('./staff_zh')).zh : (await import('./staff_en')).en
}
