import { language, speak, vocabulary } from '../../../words'
import type { ShopWords } from './shop_en'

/** What the customers' page says beside the chat; loaded with the first part that says it. */
export const w = vocabulary<ShopWords>(async (which) => (which === 'zh' ? (await import('./shop_zh')).zh : (await import('./shop_en')).en))

export type Word = keyof ShopWords

/** Whoever imports this has the words. */
await speak(language.value)
