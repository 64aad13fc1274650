/** What the page keeps in a frame. Where the site and the server are of one domain the browser's storage is the same as the customers'
 * page has: each shop's frame keeps its things apart. Where storage is not to be had in a frame, they last for the visit. */
export const shop = decodeURIComponent(location.pathname.split('/')[2] ?? '')
const prefix = `souk.embed.${shop}.`

/** The browser's own, if it can be used here. */
function storage(): Storage | undefined {
  try {
    const found = window.localStorage
    found.setItem(prefix, '')
    found.removeItem(prefix)
    return found
  } catch {
    return undefined
  }
}

/** Storage for the length of a visit. */
function visit(): Storage {
  const kept = new Map<string, string>()
  return {
    get length() {
      return kept.size
    },
    key: (at) => [...kept.keys()][at] ?? null,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(),
  }
}

function shelf(whole: Storage): Storage {
  const names = () => Array.from({ length: whole.length }, (_, at) => whole.key(at) ?? '').filter((name) => name.startsWith(prefix))
  return {
    get length() {
      return names().length
    },
    key: (at) => names()[at]?.slice(prefix.length) ?? null,
    getItem: (key) => whole.getItem(prefix + key),
    setItem: (key, value) => whole.setItem(prefix + key, value),
    removeItem: (key) => whole.removeItem(prefix + key),
    clear: () => names().forEach((name) => whole.removeItem(name)),
  }
}

const found = storage()
Object.defineProperty(window, 'localStorage', { value: shelf(found ?? visit()) })
// Browsers that keep storage from frames keep locks from them too; nobody else is on this shelf then.
if (!found) Object.defineProperty(navigator, 'locks', { value: undefined })

const asked = new URLSearchParams(location.search)
const lang = asked.get('lang')
const light = asked.get('light')
if (lang) localStorage.setItem('souk.language', lang)
if (light) localStorage.setItem('souk.light', light)
else localStorage.removeItem('souk.light')
