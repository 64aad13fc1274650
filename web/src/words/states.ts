import { OrderState } from '../contract/order'
import { language } from './index'

const orderStates: Record<OrderState, [zh: string, en: string]> = {
  [OrderState.ORDER_STATE_UNSPECIFIED]: ['', ''],
  [OrderState.ORDER_STATE_AWAITING_CUSTOMER]: ['待确认', 'waits for you'],
  [OrderState.ORDER_STATE_PENDING_PAYMENT]: ['待付款', 'to be paid'],
  [OrderState.ORDER_STATE_PENDING_ACCEPTANCE]: ['待接单', 'to be accepted'],
  [OrderState.ORDER_STATE_PENDING_ALLOCATION]: ['待分配', 'to be allocated'],
  [OrderState.ORDER_STATE_ACCEPTED]: ['已接受', 'accepted'],
  [OrderState.ORDER_STATE_PREPARING]: ['备货中', 'being prepared'],
  [OrderState.ORDER_STATE_READY_FOR_PICKUP]: ['待提货', 'ready for pickup'],
  [OrderState.ORDER_STATE_PARTIALLY_SHIPPED]: ['部分发货', 'partly shipped'],
  [OrderState.ORDER_STATE_SHIPPED]: ['已发货', 'shipped'],
  [OrderState.ORDER_STATE_IN_PROGRESS]: ['进行中', 'in progress'],
  [OrderState.ORDER_STATE_IN_TRANSIT]: ['运输中', 'on its way'],
  [OrderState.ORDER_STATE_COMPLETED]: ['已完成', 'completed'],
  [OrderState.ORDER_STATE_CANCELLED]: ['已取消', 'cancelled'],
}

/** Where an order stands, in words. */
export function orderState(state: OrderState): string {
  return orderStates[state][language.value === 'zh' ? 0 : 1]
}

/** The same, of the word by which REST says it: `pending_payment`. */
export function orderStateOf(word: string): string {
  return orderState(OrderState[`ORDER_STATE_${word.toUpperCase()}` as keyof typeof OrderState])
}
