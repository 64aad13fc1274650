/** What a shop's site and the frame with its chat say to each other, by `postMessage`. Each takes it from the other's window and
 * origin alone; the shop's signed word goes this way and no other. */

/** From the site. `hello` comes whenever the frame was loaded. */
export type ToFrame =
  /** @param waits The site will say who its visitor is. */
  | { souk: 'hello'; open: boolean; waits: boolean }
  /** @param product What is asked about; empty: nothing by itself. */
  | { souk: 'open'; product: string }
  | { souk: 'close' }
  /** @param token The shop's signed word; empty: the site knows nobody. */
  | { souk: 'identify'; token: string }
  /** The visitor has left: nothing of them stays in this browser. */
  | { souk: 'forget' }

/** From the frame. */
export type ToSite =
  | { souk: 'ready' }
  /** @param known Somebody has talked here: the chat is loaded with the next page of the site, for what is unread. */
  | { souk: 'unread'; count: number; known: boolean }
  | { souk: 'close' }
  /** The chat wants the shop's word: for the first time, or because the session is over. */
  | { souk: 'token' }
  /** The word was not taken. */
  | { souk: 'refused'; code: string }
