import { alerts as en } from '../staff/words/alerts_en'
import { alerts as zh } from '../staff/words/alerts_zh'

/** The words of a notification, in the language of the browser: what kind of thing it is. What it says is not for everybody who stands by; a customer reads
 * from whom it is, and the server sends no more than that. */
export function said({ kind, text }: { kind: string; text: string }, language: string): { title: string; body: string } {
  const words: Record<string, string> = language.startsWith('zh') ? zh : en
  const title = words[`alert_${kind}`] ?? 'Souk'
  return kind === 'new_message' ? { title: text, body: title } : { title, body: '' }
}
