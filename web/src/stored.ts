/** What this device has kept under a name; nothing if that cannot be read. */
export function stored<T>(key: string, shelf = localStorage): T | undefined {
  try {
    return (JSON.parse(shelf.getItem(key) ?? '') as T | null) ?? undefined
  } catch {
    return undefined
  }
}
