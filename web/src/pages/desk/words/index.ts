import { staffWords } from '../../../staff/words'
import type { StaffWords } from '../../../staff/words/staff_en'
import { vocabulary } from '../../../words'
import type { DeskWords } from './desk_en'

/** What the desk says, beside what all pages say. */
export const w = vocabulary<DeskWords & StaffWords>(async (which) => {
  const own = which === 'zh' ? (await import('./desk_zh')).zh : (await import('./desk_en')).en
  return { ...(await staffWords(which)), ...own }
})

export type Word = keyof (DeskWords & StaffWords)
