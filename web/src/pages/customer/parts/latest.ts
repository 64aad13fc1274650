import { shallowRef } from 'vue'
import { Refused } from '../../../refused'
import { t, whyNot } from '../../../words'

/** Something that is loaded again and again: what was asked for last counts, whatever comes later of what was asked before. */
export function useLatest() {
  const busy = shallowRef(false)
  const trouble = shallowRef('')
  let turn = 0

  async function latest<T>(load: () => Promise<T>, show: (found: T) => void) {
    const mine = ++turn
    busy.value = true
    try {
      const found = await load()
      if (mine !== turn) return
      show(found)
      trouble.value = ''
    } catch (error) {
      if (mine === turn) trouble.value = error instanceof Refused ? whyNot(error) : t('waiting')
    } finally {
      if (mine === turn) busy.value = false
    }
  }

  return { busy, trouble, latest }
}
