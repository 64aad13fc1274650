/** The lines of the icons, drawn in a field of 24 by 24. */
export const icons = {
  back: 'M15 5l-7 7 7 7',
  send: 'M4 12l16-8-6 16-3-7z',
  picture: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 8.500h.01',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  light: 'M12 4v1.500M12 18.500V20M4 12h1.500M18.5 12H20M6.3 6.300l1 1M16.7 16.700l1 1M6.3 17.700l1-1M16.7 7.300l1-1M12 8.500a3.5 3.5 0 100 7 3.5 3.5 0 000-7z',
  out: 'M14 5H6v14h8M10 12h10M17 9l3 3-3 3',
  down: 'M6 9l6 6 6-6',
  close: 'M6 6l12 12M18 6L6 18',
  bell: 'M6 17V11a6 6 0 0112 0v6l2 1H4zM10 21h4',
  keys: 'M3 7h18v10H3zM7 11h.01M11 11h.01M15 11h.01M8 14h8',
}
