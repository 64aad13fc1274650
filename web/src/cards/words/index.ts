import { language, speak, vocabulary } from '../../words'
import type { CardWords } from './cards_en'

/** What cards say that not everybody meets; loaded with the first of them. */
export const w = vocabulary<CardWords>(async (which) => (which === 'zh' ? (await import('./cards_zh')).zh : (await import('./cards_en')).en))

/** Whoever imports this has the words. */
await speak(language.value)
