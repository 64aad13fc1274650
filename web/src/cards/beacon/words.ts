import { language, speak, vocabulary } from '../../words'
import type { BeaconWords } from './words_en'

/** Words of the beacon's lines. */
export const b = vocabulary<BeaconWords>(async (which) => (which === 'zh' ? (await import('./words_zh')).zh : (await import('./words_en')).en))

/** Whoever imports this has the words. */
await speak(language.value)
