/** What an alert is about, in English; the service worker says it too. */
export const alerts = {
  alert_unspecified: 'Alert',
  alert_new_conversation: 'New conversation',
  alert_new_order: 'New order',
  alert_after_sale: 'After-sale',
  alert_webhook_off: 'Webhook switched off',
  alert_stock_low: 'Stock is low',
  alert_order_changed: 'Order changed',
  alert_order_paid_twice: 'Payment to look at',
  alert_order_follow_up: 'Order to follow up',
  alert_goods_arrived: 'Goods have arrived',
  alert_follow_up: 'Customer to follow up',
  alert_abnormal_claims: 'Abnormal claims of coupons',
  alert_draw_waits: 'A draw waits for its round of the beacon',
  alert_new_message: 'New message',
}

export type AlertWords = typeof alerts
