type Light = 'light' | 'dark'

/** What somebody chose on this device; else it is as the system is. */
export function restoreLight() {
  const chosen = localStorage.getItem('souk.light')
  if (chosen) document.documentElement.dataset.light = chosen
}

export function switchLight() {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches
  const now = (document.documentElement.dataset.light as Light | undefined) ?? (dark ? 'dark' : 'light')
  const next: Light = now === 'dark' ? 'light' : 'dark'
  localStorage.setItem('souk.light', next)
  document.documentElement.dataset.light = next
}
