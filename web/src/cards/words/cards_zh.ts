import type { CardWords } from './cards_en'

/** 按需加载的卡片的中文。 */
export const zh: CardWords = {
  packet: '红包',
  packetFrom: '红包：{greeting}',
  open: '開',
  opening: '正在拆…',
  leftOf: '剩 {left}/{shares} 个',
  emptied: '已领完',
  returned: '已过期',
  inAll: '共 {amount}，{shares} 份',
  equal: '普通红包',
  lucky: '拼手气红包',
  until: '{time} 前有效',
  taken: '{n} 人领取了 {amount}。',
  wentBack: '剩余 {amount} 已退回店铺。',
  youGot: '您领到 {amount}',
  yourPlace: '您是第 {n} 个领取的。这笔钱由店铺欠您，已记入卡包。',
  toWallet: '查看卡包',
  proof: '校验文件',
  check: '验证红包',
}
