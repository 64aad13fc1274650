import { shallowRef } from 'vue'

/** Something that one press does: it is not done twice at once, and why it was not done is said. */
export function useDeed() {
  const busy = shallowRef(false)
  const trouble = shallowRef<unknown>()

  /** Gives whether it was done. */
  async function run(work: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    trouble.value = undefined
    try {
      await work()
      return true
    } catch (error) {
      trouble.value = error
      return false
    } finally {
      busy.value = false
    }
  }

  return { busy, trouble, run }
}
