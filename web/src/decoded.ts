/** A word of the page's address. Somebody may have typed the address. */
export function decoded(word: string): string {
  try {
    return decodeURIComponent(word)
  } catch {
    return word
  }
}
