import { vocabulary } from '../../words'
import type { BeaconWords } from './words_en'

/** Words of the beacon's lines, loaded with them. */
export const b = vocabulary<BeaconWords>(async (which) => (which === 'zh' ? (await import('./words_zh')).zh : (await import('./words_en')).en))
