import { computed } from 'vue'
import { go, place } from '../../place'
import type { Alert } from './alerts'

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

/** Where an alert leads: to what it is about, here; what the desk has no place for is in the centre. */
export function leadsTo({ conversation_id, order_id, case_id, customer_id }: Alert, chatOf: (customer: string) => string | undefined): string {
  const conversation = conversation_id || (customer_id && chatOf(customer_id)) || ''
  if (conversation && case_id) return `#${conversation}/case/${case_id}`
  if (conversation && order_id) return `#${conversation}/order/${order_id}`
  if (conversation) return `#${conversation}`
  return customer_id ? `/centre#customers/${customer_id}` : '/centre'
}
