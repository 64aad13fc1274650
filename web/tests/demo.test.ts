import { afterAll, beforeAll, expect, test } from 'vitest'
import { once, type Schema, told } from '../src/rest'
import { uuid } from '../src/uuid'
import { Browsers } from './support/browser'
import { Person, password } from './support/people'
import { TestServer, until } from './support/server'

const wide = { viewport: { width: 1200, height: 720 }, locale: 'zh-CN' }
let server: TestServer
let browsers: Browsers
let owner: Person
let ann: Person
let chat = ''

beforeAll(async () => {
  server = await TestServer.start('--demo')
  await until(() => server.said.includes('export CHAT='), 'the demo is there', 90_000)
  browsers = await Browsers.of(server)
  owner = new Person(server, 'merchant')
  await owner.session.logIn('+8613800000003', await owner.proof('+8613800000003', 'log_in'), password)
  ann = new Person(server, 'customer')
  await ann.session.logIn('+8613800000011', await ann.proof('+8613800000011', 'log_in'), password)
  await talk()
}, 150_000)
afterAll(async () => {
  await browsers?.close()
  await server?.stop()
})

/** The first customer asks about the dress from its page, and is drafted an order. */
async function talk() {
  const { conversations = [] } = await told(ann.session.rest.GET('/api/v1/conversations'))
  const shop_id = conversations.find(({ kind }) => kind === 'shop')?.shop_id ?? ''
  const path = { shop_id }
  const { products } = await told(ann.session.rest.GET('/api/v1/shops/{shop_id}/products', { params: { path } }))
  const dress = products.find(({ product }) => product.title.startsWith('碎花'))
  const opened = { shop_id, source: 'product', product_id: dress?.product.id ?? '' }
  chat = (await told(ann.session.rest.POST('/api/v1/conversations', { body: opened as never })) as { id: string }).id
  await say(ann, '我要一条 M 码的，今天能发吗？')
  await say(owner, '可以，下午五点前付款当天发出。给您下好单了：')
  const lines = [{ variant_id: dress?.variants[1]?.id ?? '', units: 1 }]
  const agreement = { basket: { lines }, delivery_method: 'express', terms: 'pay_first' } as Schema<'Agreement'>
  await told(owner.session.rest.POST('/api/v1/shops/{shop_id}/orders', { params: { path, header: once() }, body: { conversation_id: chat, agreement } as never }))
}

async function say({ session: { rest } }: Person, text: string) {
  const params = { path: { conversation_id: chat } }
  await told(rest.POST('/api/v1/conversations/{conversation_id}/messages', { params, body: { client_message_id: uuid(), text } as never }))
}

test('the demo’s shop has goods, and orders that wait', { timeout: 120_000 }, async () => {
  const page = await browsers.openAs(owner, '/centre', wide)
  await page.getByRole('listitem').filter({ hasText: '待接单' }).getByText('2', { exact: true }).waitFor()
  await page.getByRole('navigation').getByRole('link', { name: /^订单 ?2$/ }).waitFor()
  await browsers.picture(page, 'centre')
  await page.getByRole('link', { name: '商品', exact: true }).click()
  await page.getByRole('row', { name: /碎花连衣裙/ }).getByText('¥159.00').waitFor()
  await page.locator('tbody img').nth(2).waitFor()
  await browsers.shot(page, 'demo-goods')
  await page.getByRole('link', { name: '订单' }).first().click()
  await page.getByRole('table', { name: '订单' }).getByText('已接受').waitFor()
  expect(browsers.troubles).toEqual([])
})

test('at the demo’s desk and on its first customer’s phone is the same conversation', { timeout: 120_000 }, async () => {
  const desk = await browsers.openAs(owner, `/desk#${chat}`, wide)
  const phone = await browsers.openAs(ann, `/#${chat}`, { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, locale: 'zh-CN', hasTouch: true })
  for (const page of [desk, phone]) {
    await page.getByRole('log').getByText('今天能发吗', { exact: false }).waitFor()
    await page.getByRole('log').getByText('碎花连衣裙', { exact: false }).nth(1).waitFor()
    await page.getByRole('log').locator('img').first().waitFor()
  }
  await phone.getByRole('button', { name: '确认' }).waitFor()
  await desk.getByRole('complementary').getByText('Customer 1').first().waitFor()
  await browsers.picture(desk, 'desk')
  await browsers.picture(phone, 'customer')
  expect(browsers.troubles).toEqual([])
})
