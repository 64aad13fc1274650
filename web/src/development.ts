/** Is this somebody's own machine, with a server in the development profile? Its texts to phones can be read there, and play money spent. */
export async function codeInOutbox(phone: string): Promise<string | undefined> {
  if (!['localhost', '127.0.0.1', '[::1]'].includes(location.hostname)) return undefined
  const answer = await fetch(`/api/v1/dev/outbox?phone=${encodeURIComponent(phone)}`)
  if (!answer.ok) return undefined
  const { messages } = (await answer.json()) as { messages: { text: string }[] }
  return messages[0]?.text.match(/\d{6}/)?.[0] ?? ''
}

let asked: Promise<boolean> | undefined
export function isDevelopment(): Promise<boolean> {
  asked ??= codeInOutbox('+8613800000000').then((code) => code !== undefined)
  return asked
}
