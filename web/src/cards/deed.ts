import { shallowRef } from 'vue'
import { Refused } from '../refused'
import { t, whyNot } from '../words'

/** A button of a card: pressed once at a time, and it says why not. */
export function useDeed() {
  const busy = shallowRef(false)
  const trouble = shallowRef('')

  async function attempt(work: () => Promise<unknown>) {
    if (busy.value) return
    busy.value = true
    trouble.value = ''
    try {
      await work()
    } catch (error) {
      trouble.value = error instanceof Refused ? whyNot(error) : t('waiting')
    } finally {
      busy.value = false
    }
  }

  return { busy, trouble, attempt }
}
