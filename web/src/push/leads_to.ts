/** What an alert is about: its ids, empty where it is not about such. */
export interface About {
  conversation_id: string
  order_id: string
  case_id: string
  customer_id: string
}

/** Where an alert leads: to what it is about, in the desk; what the desk has no place for is in the centre.
 *
 * @param chatOf The conversation with a customer, if it is known here. */
export function leadsTo({ conversation_id, order_id, case_id, customer_id }: About, chatOf: (customer: string) => string | undefined = () => undefined): string {
  const conversation = conversation_id || (customer_id && chatOf(customer_id)) || ''
  if (conversation && case_id) return `#${conversation}/case/${case_id}`
  if (conversation && order_id) return `#${conversation}/order/${order_id}`
  if (conversation) return `#${conversation}`
  return customer_id ? `/centre#customers/${customer_id}` : '/centre'
}
