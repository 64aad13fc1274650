import { inject, type InjectionKey, provide, shallowRef } from 'vue'
import { minorOf } from './amount'

/** What is typed, chosen or ticked. `several`: words, ticked. `pictures`, `file`: from this device. */
export type Kind = 'line' | 'text' | 'whole' | 'money' | 'percent' | 'time' | 'choice' | 'yes' | 'several' | 'pictures' | 'file'

/** One thing that is asked for. */
export interface Asked {
  name: string
  label: string
  kind?: Kind
  /** What is there already: as it is typed; for `yes` a truth, for `several` and `pictures` a list. */
  value?: unknown
  optional?: boolean
  choices?: (readonly [value: string, label: string])[]
  hint?: string
  /** Of a file: `.csv`. */
  accept?: string
  /** It is asked for only then. */
  when?: (said: Said) => boolean
}

/** A dialog: it stays until `work` was done, and says why it was not. */
export interface Question {
  title: string
  text?: string
  fields?: Asked[]
  button?: string
  danger?: boolean
  /** @param once The header of a POST that creates: the same until it is done, so that pressing twice creates once. */
  work(said: Said, once: { 'Idempotency-Key': string }): Promise<unknown>
}

/** What somebody has filled in, as the server wants it. */
export class Said {
  constructor(
    private readonly values: Record<string, unknown>,
    private readonly currency: string,
  ) {}

  text(name: string): string {
    return String(this.values[name] ?? '').trim()
  }
  /** Nothing if it was left empty. */
  whole(name: string): number | undefined {
    return this.text(name) === '' ? undefined : Number(this.text(name))
  }
  /** Minor units. */
  money(name: string): number | undefined {
    return minorOf(this.text(name), this.currency)
  }
  /** Basis points: 10 % are 1000. */
  percent(name: string): number | undefined {
    return this.text(name) === '' ? undefined : Math.round(Number(this.text(name)) * 100)
  }
  /** With its zone, as the server reads it. */
  time(name: string): string | undefined {
    return this.text(name) === '' ? undefined : new Date(this.text(name)).toISOString()
  }
  yes(name: string): boolean {
    return this.values[name] === true
  }
  several<T extends string>(name: string): T[] {
    return (this.values[name] as T[] | undefined) ?? []
  }
  /** Words, a line or a comma apart. */
  words(name: string): string[] {
    return this.text(name).split(/[\n,，]/).map((word) => word.trim()).filter(Boolean)
  }
  file(name: string): File | undefined {
    return this.values[name] as File | undefined
  }
}

/** A time as a field of this device shows it: `2026-11-23T10:30`. */
export function typedTime(iso: string | undefined | null): string {
  if (!iso) return ''
  const at = new Date(iso)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

type Ask = (question: Question) => Promise<boolean>
const key: InjectionKey<Ask> = Symbol('ask')

/** Puts questions one at a time; `settle` says whether what was asked was done. */
export function askHere() {
  const open = shallowRef<Question>()
  let answer: (done: boolean) => void = () => undefined
  const ask: Ask = (question) => {
    answer(false)
    open.value = question
    return new Promise((done) => (answer = done))
  }
  function settle(done: boolean) {
    open.value = undefined
    answer(done)
  }
  provide(key, ask)
  return { open, settle }
}

/** Asks, and gives whether it was done. */
export function useAsk(): Ask {
  const ask = inject(key)
  if (!ask) throw new Error('nobody asks here')
  return ask
}
