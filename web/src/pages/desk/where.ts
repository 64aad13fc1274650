import { computed } from 'vue'
import { go, place } from '../../place'

/** Where in the desk somebody is: a conversation, and maybe an order or a case that lies open beside it. The address says it:
 * `#CONVERSATION/order/ID`. */
export const where = computed(() => {
  const [conversation = '', kind = '', id = ''] = place.value.split('/')
  return { conversation, order: kind === 'order' ? id : '', case: kind === 'case' ? id : '' }
})

export function openOrder(conversation: string, id: string) {
  go(`${conversation}/order/${id}`)
}

export function openCase(conversation: string, id: string) {
  go(`${conversation}/case/${id}`)
}

/** The conversation alone. */
export function closeBeside() {
  go(where.value.conversation)
}
