import { staffWords } from '../../../staff/words'
import type { StaffWords } from '../../../staff/words/staff_en'
import { vocabulary } from '../../../words'
import type { CentreWords } from './centre_en'

/** What the merchants' page says, beside what all pages say. */
export const w = vocabulary<CentreWords & StaffWords>(async (which) => {
  const own = which === 'zh' ? (await import('./centre_zh')).zh : (await import('./centre_en')).en
  return { ...(await staffWords(which)), ...own }
})

export type Word = keyof (CentreWords & StaffWords)
