import { style } from './style'

/** What the script tag says of how it looks. */
export interface Look {
  lang?: string
  position?: string
  color?: string
  light?: string
  button?: string
}

const words = {
  zh: { chat: '在线客服', close: '关闭', unread: '条未读', fails: '聊天没有打开。', elsewhere: '在新窗口打开' },
  en: { chat: 'Chat with us', close: 'Close', unread: 'unread', fails: 'The chat did not open here.', elsewhere: 'Open it in a new window' },
}

function make<N extends keyof HTMLElementTagNameMap>(name: N, more: Partial<HTMLElementTagNameMap[N]>, ...inside: (Node | string)[]) {
  const made = Object.assign(document.createElement(name), more)
  made.append(...inside)
  return made
}

/** A bubble that somebody speaks in. */
function bubble() {
  const of = (name: string) => document.createElementNS('http://www.w3.org/2000/svg', name)
  const [picture, line] = [of('svg'), of('path')]
  picture.setAttribute('viewBox', '0 0 24 24')
  picture.setAttribute('aria-hidden', 'true')
  line.setAttribute('d', 'M4 5h16v11H9l-5 4z')
  picture.append(line)
  return picture
}

/** The ink that can be read on a colour. */
function inkOn(back: string): string {
  const pencil = document.createElement('canvas').getContext('2d')
  if (!pencil) return '#fff'
  pencil.fillStyle = back
  pencil.fillRect(0, 0, 1, 1)
  const [red = 0, green = 0, blue = 0] = pencil.getImageData(0, 0, 1, 1).data
  return red * 0.299 + green * 0.587 + blue * 0.114 > 150 ? '#111' : '#fff'
}

/** The button and the dialog with the frame, in a shadow of their own. */
export function draw(look: Look, elsewhere: string) {
  const lang = (look.lang || document.documentElement.lang || navigator.language).toLowerCase().startsWith('zh') ? 'zh' : 'en'
  const w = words[lang]
  const side = look.position === 'left' ? 'left' : 'right'
  const back = look.color && CSS.supports('color', look.color) ? look.color : '#0b6e56'
  const light = /^(light|dark)$/.test(look.light ?? '') ? look.light ?? '' : ''

  const count = make('span', { className: 'count', hidden: true })
  const button = make('button', { type: 'button', className: `round ${side}`, hidden: look.button === 'none' }, bubble(), count)
  button.setAttribute('aria-haspopup', 'dialog')
  const close = make('button', { type: 'button' }, '×')
  close.setAttribute('aria-label', w.close)
  const fails = make('p', { hidden: true }, w.fails, ' ', make('a', { href: elsewhere, target: '_blank', rel: 'noopener noreferrer' }, w.elsewhere))
  const frame = make('iframe', { title: w.chat, referrerPolicy: 'no-referrer', allow: 'clipboard-write' })
  const dialog = make('dialog', { className: side, lang }, make('div', { className: 'bar' }, make('b', {}, w.chat), close), fails, frame)
  dialog.setAttribute('aria-label', w.chat)

  const host = document.createElement('souk-chat')
  const shadow = host.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(`:host{--back:${back};--ink:${inkOn(back)};--light:${light || 'light dark'}}${style}`)
  shadow.adoptedStyleSheets = [sheet]
  shadow.append(button, dialog)
  // Not into the body: whatever the site does to that or to what lies in it, this is not of it.
  document.documentElement.append(host)

  function tell(unread: number) {
    count.textContent = unread > 99 ? '99+' : String(unread)
    count.hidden = unread === 0
    button.setAttribute('aria-label', unread > 0 ? `${w.chat}, ${unread} ${w.unread}` : w.chat)
    button.setAttribute('aria-expanded', String(dialog.open))
  }
  tell(0)
  return { shadow, button, close, dialog, frame, fails, tell, query: `lang=${lang}${light && `&light=${light}`}` }
}
