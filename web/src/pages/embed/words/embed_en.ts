/** The words of the chat in a frame. */
export const en = {
  siteFails: 'This site could not log you in to the chat.',
  tryAgain: 'Try again',
  byPhone: 'Log in by phone',
  conversations: 'Conversations',
}

export type EmbedWords = Record<keyof typeof en, string>
