import type { Message, Notice } from '../contract/conversation'
import { NoticeKind } from '../contract/conversation'
import type { en } from '../words/en'
import { t } from '../words'

type NoticeWord = Extract<keyof typeof en, `${string}_${string}`>

/** A notice in words; what it says of orders, cases and draws comes with it. */
export function noticeWords(notice: Notice, text: string): string {
  const name = Object.entries(NoticeKind).find(([, kind]) => kind === notice.kind)?.[0] ?? ''
  const word = name.slice('NOTICE_KIND_'.length).toLowerCase()
  const subjects = notice.subjects.map((one) => one.name).join(', ')
  return text || t(word as NoticeWord, { actor: notice.actor?.name ?? t('theShop'), subjects })
}

/** One line of a message, for lists. */
export function oneLine(message: Message | undefined): string {
  if (!message) return ''
  if (message.recalled) return t('recalled')
  if (message.notice) return noticeWords(message.notice, message.text)
  if (message.picture) return `[${t('picture')}] ${message.text}`
  if (message.voice) return t('voice', { n: Math.ceil(message.voice.length_ms / 1_000) })
  if (message.file) return t('file', { name: message.file.name })
  return message.text || message.card?.summary || ''
}
