import type { EmbedWords } from './embed_en'

/** 嵌入聊天的中文。 */
export const zh: EmbedWords = {
  siteFails: '本网站未能为您登录聊天。',
  tryAgain: '重试',
  byPhone: '用手机号登录',
  conversations: '会话',
}
