import { inject, type InjectionKey, provide, type Ref, shallowRef } from 'vue'
import type { Schema } from '../rest'
import type { Session } from '../session'
import { money } from '../words/forms'

export type Permission = Schema<'Permission'>

/** The shop that somebody works for here, and what they may do there. Everything else is asked of the server. */
export interface Office {
  session: Session
  rest: Session['rest']
  shop_id: string
  /** In a request's `params`. */
  path: { shop_id: string }
  shop: Ref<Schema<'Shop'>>
  /** Of the shop's own currency. */
  money(minor: number): string
  may(permission: Permission): boolean
  me: string
}

const key: InjectionKey<Office> = Symbol('office')

export function openOffice(session: Session, post: Pick<Schema<'Post'>, 'permissions'>, shop: Schema<'Shop'>): Office {
  const rights = new Set(post.permissions)
  const office: Office = {
    session,
    rest: session.rest,
    shop_id: shop.id,
    path: { shop_id: shop.id },
    shop: shallowRef(shop),
    money: (minor) => money(minor, office.shop.value.currency),
    may: (permission) => rights.has(permission),
    me: session.user?.id ?? '',
  }
  provide(key, office)
  return office
}

export function useOffice(): Office {
  const office = inject(key)
  if (!office) throw new Error('there is no office around this')
  return office
}

/** Kinds of things that happened a moment ago, here or elsewhere: lists that show such things load again. */
export const heard = shallowRef<ReadonlySet<string>>(new Set())
