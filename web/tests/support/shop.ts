import { uploadPicture } from '../../src/files'
import { once, told } from '../../src/rest'
import type { Person } from './people'

const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** A picture of one pixel. */
export function picture(): { name: string; mimeType: string; buffer: Buffer } {
  return { name: 'dress.png', mimeType: 'image/png', buffer: Buffer.from(pixel, 'base64') }
}

/** What the owner does by REST, until there is a page for it. */
export class Shop {
  private readonly goods: string[] = []

  constructor(
    private readonly owner: Person,
    readonly id: string,
  ) {}

  /** A group of the shop with these people. */
  async gather(name: string, user_ids: string[]): Promise<string> {
    const params = { path: { shop_id: this.id }, header: once() }
    return (await told(this.rest.POST('/api/v1/shops/{shop_id}/groups', { params, body: { name, user_ids } }))).id ?? ''
  }

  /** Ten yuan off from fifty, five of them, given into a conversation. */
  async giveCoupons(conversation_id: string, title: string) {
    const id = await this.issues(title)
    const gift = { params: { path: { shop_id: this.id }, header: once() }, body: { template_id: id, conversation_id, pieces: 5 } }
    await this.rest.POST('/api/v1/shops/{shop_id}/coupon-gifts', gift as never)
  }

  /** A dress for 159 yuan, of which two are drafted as an order in a conversation. */
  async draftOrder(conversation_id: string, title: string) {
    const path = { shop_id: this.id }
    await this.shipWith('shunfeng', '顺丰')
    const [variant_id = ''] = await this.sells(title)
    const basket = { lines: [{ variant_id, units: 2 }] }
    const agreement = { basket, prices: [], requests: '', delivery_method: 'express', terms: 'pay_first', expected_at: null }
    const draft = { params: { path, header: once() }, body: { conversation_id, agreement } }
    await this.rest.POST('/api/v1/shops/{shop_id}/orders', draft as never)
  }

  /** Something for so many minor units, in sizes; gives its variants in that order. */
  async sells(title: string, sizes: string[] = [], price = 15_900): Promise<string[]> {
    const pictures = await Promise.all([1, 2, 3].map(() => this.upload()))
    const variants = sizes.length > 0 ? sizes.map((size) => ({ choice: [size], stock: 50 })) : [{ stock: 50 }]
    const body = { title, category: ['clothes'], description: title, pictures, list_price: price, price, options: sizes.length > 0 ? ['Size'] : [], variants, listed: true }
    const params = { path: { shop_id: this.id }, header: once() }
    const goods = await told(this.rest.POST('/api/v1/shops/{shop_id}/products', { params, body: body as never }))
    return goods.variants.map((one) => one.id)
  }

  /** Ten yuan off from fifty, for everybody who gets one. */
  async issues(title: string): Promise<string> {
    const params = { path: { shop_id: this.id }, header: once() }
    const terms = { title, face: { kind: 'full_reduction' as const, value: 1_000, threshold: 5_000 }, scope: { of: 'shop' as const }, stacks_with_promotions: true }
    const body = { terms, validity: { days: 7 }, eligibility: { who: 'anyone' as const }, aim: 'new_customers' as const }
    const { id } = await told(this.rest.POST('/api/v1/shops/{shop_id}/coupon-templates', { params, body: body as never }))
    const path = { shop_id: this.id, template_id: id }
    await this.rest.POST('/api/v1/shops/{shop_id}/coupon-templates/{template_id}/publish', { params: { path }, body: { on_trial: false } })
    return id
  }

  async shipWith(code: string, name: string) {
    await this.rest.PUT('/api/v1/shops/{shop_id}/carriers', { params: { path: { shop_id: this.id } }, body: { code, name } })
  }

  /** Campaigns have no quiet hours: a test runs at any time of the day. */
  async speaksAtNight() {
    const body = { quiet_from: '00:00:00', quiet_until: '00:00:00', per_day: 100 }
    await this.rest.PUT('/api/v1/shops/{shop_id}/campaign-rules', { params: { path: { shop_id: this.id } }, body })
  }

  /** A customer takes the newest coupon that the shop offers. */
  async claim({ session: { rest } }: Person) {
    const path = { shop_id: this.id }
    const { offers } = await told(rest.GET('/api/v1/shops/{shop_id}/coupons', { params: { path } }))
    const params = { path: { ...path, template_id: offers[0]?.id ?? '' }, header: once() }
    await rest.POST('/api/v1/shops/{shop_id}/coupon-templates/{template_id}/claim', { params, body: {} })
  }

  /** A customer buys so many of the first product that is on sale, and pays with play money; gives the order. */
  async sellTo(customer: Person, units = 1): Promise<string> {
    const { rest } = customer.session
    const path = { shop_id: this.id }
    const { products } = await told(rest.GET('/api/v1/shops/{shop_id}/products', { params: { path } }))
    const variant_id = products[0]?.variants[0]?.id ?? ''
    const recipient = { name: 'Ann', phone: '+8613800138000', address: '1 Long Street' }
    const body = { basket: { lines: [{ variant_id, units }] }, delivery_method: 'express' as const, recipient }
    const { id } = await told(rest.POST('/api/v1/shops/{shop_id}/checkout', { params: { path, header: once() }, body }))
    await rest.POST('/api/v1/orders/{order_id}/pay-in-sandbox', { params: { path: { order_id: id } }, body: {} })
    return id
  }

  /** The customer has the goods, and wants their money back for one of them. */
  async givesBack(customer: Person, order_id: string, reason: string) {
    const { rest } = customer.session
    const params = { path: { order_id }, header: once() }
    const body = { lines: [{ line: 1, units: 1 }], kind: 'refund_only' as const, reason, pictures: [] }
    await rest.POST('/api/v1/orders/{order_id}/cases', { params, body })
  }

  /** Puts something on sale, and gives its id. The newest is first on the shop's list. */
  async lists(title: string, of: { list_price: number; price: number; sizes?: string[]; stock: number }): Promise<string> {
    const pictures = await Promise.all([1, 2, 3].map(() => this.upload()))
    const { sizes, stock, ...prices } = of
    const variants = sizes ? sizes.map((size) => ({ choice: [size], stock })) : [{ stock }]
    const options = sizes ? ['Size'] : []
    const body = { title, category: [sizes ? 'dresses' : 'tea'], description: title, pictures, ...prices, options, variants, listed: true }
    const params = { path: { shop_id: this.id }, header: once() }
    const { product } = await told(this.rest.POST('/api/v1/shops/{shop_id}/products', { params, body: body as never }))
    this.goods.push(product.id)
    return product.id
  }

  /** Sets another price for the n-th of what was put on sale. */
  async raises(at: number, price: number) {
    const path = { shop_id: this.id, product_id: this.goods[at] ?? '' }
    await this.rest.PATCH('/api/v1/shops/{shop_id}/products/{product_id}', { params: { path }, body: { list_price: price, price } })
  }

  /** A flash discount of so many basis points on the n-th. */
  async reduces(name: string, at: number, off: number) {
    const day = (days: number) => `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)}T00:00`
    const body = { name, terms: { kind: 'flash', product_ids: [this.goods[at]], off }, from: day(-2), until: day(5) }
    await this.rest.POST('/api/v1/shops/{shop_id}/promotions', { params: { path: { shop_id: this.id }, header: once() }, body: body as never })
  }

  /** Coupons that anybody can claim in the shop. */
  async offers(title: string, { value, threshold }: { value: number; threshold: number }) {
    const params = { path: { shop_id: this.id }, header: once() }
    const terms = { title, face: { kind: 'full_reduction' as const, value, threshold }, scope: { of: 'shop' as const }, stacks_with_promotions: true }
    const body = { terms, validity: { days: 7 }, eligibility: { who: 'anyone' as const }, aim: 'new_customers' as const }
    const { id } = await told(this.rest.POST('/api/v1/shops/{shop_id}/coupon-templates', { params, body: body as never }))
    const path = { shop_id: this.id, template_id: id }
    await this.rest.POST('/api/v1/shops/{shop_id}/coupon-templates/{template_id}/publish', { params: { path }, body: { on_trial: false } })
  }

  /** Accepts the newest order and sends all of it. */
  async ships() {
    const path = { shop_id: this.id }
    const { orders } = await told(this.rest.GET('/api/v1/shops/{shop_id}/orders', { params: { path } }))
    const { id, revision, hash } = orders[0] ?? {}
    const params = { path: { ...path, order_id: id ?? '' } }
    await this.rest.POST('/api/v1/shops/{shop_id}/orders/{order_id}/accept', { params, body: { revision, hash } as never })
    const body = { carrier: 'shunfeng', tracking_number: 'SF1234567890' }
    await this.rest.POST('/api/v1/shops/{shop_id}/orders/{order_id}/ship', { params, body })
  }

  /** Approves the newest case. */
  async approves() {
    const path = { shop_id: this.id }
    const { cases } = await told(this.rest.GET('/api/v1/shops/{shop_id}/cases', { params: { path } }))
    const params = { path: { ...path, case_id: cases[0]?.id ?? '' } }
    await this.rest.POST('/api/v1/shops/{shop_id}/cases/{case_id}/approve', { params, body: {} })
  }

  /** A draw with two prizes in a group, held when it has so many members. */
  async raffles(conversation_id: string, title: string, target: number) {
    const claim = { how: 'In the chat', days: 30, delivery: 'By parcel', forfeiture: 'The next one has it' }
    const rules = { title, organiser: 'Olga', contact: 'In the chat', conditions: 'Everybody', target, ends_at: new Date(Date.now() + 86_400_000).toISOString() }
    const body = { conversation_id, ...rules, prizes: [{ name: 'Tea', value: 3_000, quantity: 2 }], claim }
    await this.rest.POST('/api/v1/shops/{shop_id}/draws', { params: { path: { shop_id: this.id }, header: once() }, body: body as never })
  }

  /** Ten yuan in so many shares, in a group. */
  async treats(conversation_id: string, shares: number): Promise<string> {
    const params = { path: { shop_id: this.id }, header: once() }
    const body = { conversation_id, kind: 'lucky' as const, total: 1_000, shares }
    return (await told(this.rest.POST('/api/v1/shops/{shop_id}/red-packets', { params, body }))).id
  }

  private async upload(): Promise<string> {
    const { name, mimeType, buffer } = picture()
    return (await uploadPicture(this.owner.session, new File([new Uint8Array(buffer)], name, { type: mimeType }))).file_id
  }

  private get rest() {
    return this.owner.session.rest
  }
}
