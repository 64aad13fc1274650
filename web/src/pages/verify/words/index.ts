import { vocabulary } from '../../../words'
import type { VerifyWords } from './verify_en'

/** What the page says by which a draw is checked. */
export const w = vocabulary<VerifyWords>(async (which) => (which === 'zh' ? (await import('./verify_zh')).zh : (await import('./verify_en')).en))
