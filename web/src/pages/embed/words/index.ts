import { vocabulary } from '../../../words'
import type { EmbedWords } from './embed_en'

/** What the chat says in a frame beside what the customers' page says. */
export const w = vocabulary<EmbedWords>(async (which) => (which === 'zh' ? (await import('./embed_zh')).zh : (await import('./embed_en')).en))
