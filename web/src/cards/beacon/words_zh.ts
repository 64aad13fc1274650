import type { BeaconWords } from './words_en'

/** 抽奖卡片上关于公共随机数的中文。 */
export const zh: BeaconWords = {
  byBeacon: '由公共随机数（drand）决定中奖者：名单截止后公布轮次，届时无人知道其值。',
  closed: '名单已截止，{time} 公布的第 {n} 轮随机数决定中奖者。',
  decided: '由第 {n} 轮公共随机数决定。',
  cancelledLate: '取消时随机数已公布，结果已可推算。',
  list: '名单',
}
