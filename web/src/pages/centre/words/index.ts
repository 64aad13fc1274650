import { vocabulary } from '../../../words'
import type { CentreWords } from './centre_en'

/** What the merchants' page alone says. */
export const w = vocabulary<CentreWords>(async (which) => (which === 'zh' ? (await import('./centre_zh')).zh : (await import('./centre_en')).en))

export type Word = keyof CentreWords
