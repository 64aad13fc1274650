import { type Component, defineAsyncComponent } from 'vue'
import type { Permission } from '../../staff/office'
import type { Word } from './words'

/** A part of the centre: its place in the address, its name, who may use it, and what it is drawn by, loaded when it is opened. */
export interface Module {
  place: string
  name: Word
  /** Any of these; none: everybody who works for the shop. */
  rights: Permission[]
  view: Component
}

const module = (place: string, name: Word, rights: Permission[], load: () => Promise<Component>): Module => ({
  place,
  name,
  rights,
  view: defineAsyncComponent(load),
})

/** In the order of the navigation (CON-01). */
export const modules: Module[] = [
  module('home', 'home', [], () => import('./modules/Home.vue')),
  module('orders', 'orders', ['manage_orders'], () => import('./modules/Orders.vue')),
  module('cases', 'cases', ['manage_orders'], () => import('./modules/Cases.vue')),
  module('goods', 'goods', ['manage_products'], () => import('./modules/Goods.vue')),
  module('coupons', 'coupons', ['manage_campaigns'], () => import('./modules/Coupons.vue')),
  module('campaigns', 'campaigns', ['manage_campaigns'], () => import('./modules/Campaigns.vue')),
  module('draws', 'draws', ['manage_campaigns'], () => import('./modules/Draws.vue')),
  module('packets', 'packets', ['manage_campaigns'], () => import('./modules/Packets.vue')),
  module('money', 'money', ['see_finance'], () => import('./modules/Money.vue')),
  module('customers', 'customers', ['see_customers'], () => import('./modules/Customers.vue')),
  module('groups', 'groups', ['manage_groups'], () => import('./modules/Groups.vue')),
  module('staff', 'staff', ['manage_staff'], () => import('./modules/Staff.vue')),
  module('programs', 'programs', ['manage_bots'], () => import('./modules/Programs.vue')),
  module('settings', 'settings', ['manage_shop'], () => import('./modules/Settings.vue')),
]
