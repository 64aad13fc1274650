import { shallowRef } from 'vue'

/** Where in the page somebody is: the part of the address after `#`, so that going back works. */
export const place = shallowRef(location.hash.slice(1))
addEventListener('hashchange', () => (place.value = location.hash.slice(1)))

export function go(to: string) {
  location.hash = to
}
