import type { AlertWords } from './alerts_en'

/** 提醒的中文，推送通知也用。 */
export const alerts: AlertWords = {
  alert_unspecified: '提醒',
  alert_new_conversation: '新会话',
  alert_new_order: '新订单',
  alert_after_sale: '售后申请',
  alert_webhook_off: '回调已停用',
  alert_stock_low: '库存不足',
  alert_order_changed: '订单变更',
  alert_order_paid_twice: '付款异常',
  alert_order_follow_up: '订单跟进',
  alert_goods_arrived: '到货',
  alert_follow_up: '客户跟进',
  alert_abnormal_claims: '优惠券领取异常',
  alert_draw_waits: '抽奖在等待公共随机数',
  alert_new_message: '新消息',
}
