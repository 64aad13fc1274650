import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browsers } from './support/browser'
import { Person, password } from './support/people'
import { TestServer, until } from './support/server'

const phone = '+8613800000003'
let server: TestServer
let browsers: Browsers

beforeAll(async () => {
  server = await TestServer.start('--demo')
  await until(() => server.said.includes('export CHAT='), 'the demo is there', 90_000)
  browsers = await Browsers.of(server)
}, 120_000)
afterAll(async () => {
  await browsers?.close()
  await server?.stop()
})

test('the demo’s shop has goods, and orders that wait', { timeout: 120_000 }, async () => {
  const owner = new Person(server, 'merchant')
  await owner.session.logIn(phone, await owner.proof(phone, 'log_in'), password)
  const page = await browsers.openAs(owner, '/centre', { viewport: { width: 1200, height: 720 }, locale: 'zh-CN' })
  await page.getByRole('listitem').filter({ hasText: '待接单' }).getByText('2', { exact: true }).waitFor()
  await page.getByRole('navigation').getByRole('link', { name: /^订单 ?2$/ }).waitFor()
  await browsers.picture(page, 'centre')
  await page.getByRole('link', { name: '商品', exact: true }).click()
  await page.getByRole('row', { name: /碎花连衣裙/ }).getByText('¥159.00').waitFor()
  await page.locator('tbody img').nth(2).waitFor()
  await browsers.shot(page, 'demo-goods')
  await page.getByRole('link', { name: '订单' }).first().click()
  await page.getByRole('table', { name: '订单' }).getByText('已接受').waitFor()
  const desk = await browsers.openAs(owner, '/desk', { viewport: { width: 1200, height: 720 }, locale: 'zh-CN' })
  await desk.getByRole('link', { name: /Customer 1(?!\d)/ }).click()
  await desk.getByRole('log').getByText('七天内', { exact: false }).or(desk.getByRole('log').getByText('现货', { exact: false })).first().waitFor()
  await browsers.picture(desk, 'desk')
  expect(browsers.troubles).toEqual([])
})
