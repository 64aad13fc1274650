import { type Schema, told } from '../../../rest'
import type { Office } from '../../../staff/office'
import { typedOf } from '../../../staff/amount'
import type { Asked, Question, Said } from '../../../staff/ask'
import { w } from '../words'

type Goods = Schema<'Goods'>
type Product = Schema<'Product'>

function words(office: Office, product?: Product): Asked[] {
  const currency = office.shop.value.currency
  const typed = (minor?: number) => (minor === undefined ? '' : typedOf(minor, currency))
  return [
    { name: 'title', label: w('title'), value: product?.title },
    { name: 'category', label: w('category'), value: product?.category.join('>'), hint: w('categoryHint') },
    { name: 'price', label: w('price'), kind: 'money', value: typed(product?.price) },
    { name: 'list_price', label: w('listPrice'), kind: 'money', value: typed(product?.list_price), hint: w('listPriceHint'), optional: true },
    { name: 'description', label: w('description'), kind: 'text', value: product?.description },
    { name: 'labels', label: w('labels'), value: product?.labels.join(', '), hint: w('commaHint'), optional: true },
    { name: 'pictures', label: w('pictures'), kind: 'pictures', value: product?.pictures, hint: w('picturesHint') },
    { name: 'listed', label: w('listIt'), kind: 'yes', value: product?.listed ?? true },
  ]
}

/** What of the form both a new product and a changed one have. */
function meant(said: Said) {
  const price = said.money('price') ?? 0
  return {
    title: said.text('title'),
    category: said.text('category').split(/[>›/]/).map((word) => word.trim()).filter(Boolean),
    description: said.text('description'),
    price,
    list_price: said.money('list_price') ?? price,
    labels: said.words('labels'),
    pictures: said.several<string>('pictures'),
    listed: said.yes('listed'),
  }
}

/** One option with its words, and so many of each, is the common case; more of them are added one by one afterwards. */
export function createProduct(office: Office, done: (goods: Goods) => void): Question {
  const fields: Asked[] = [
    ...words(office),
    { name: 'option', label: w('option'), hint: w('optionHint'), optional: true },
    { name: 'choices', label: w('choices'), hint: w('choicesHint'), when: (said) => said.text('option') !== '' },
    { name: 'stock', label: w('stockOfEach'), kind: 'whole', value: '0' },
    { name: 'alert_below', label: w('alertBelow'), kind: 'whole', optional: true },
  ]
  const work: Question['work'] = async (said, header) => {
    const option = said.text('option')
    const of = { stock: said.whole('stock') ?? 0, alert_below: said.whole('alert_below') ?? null }
    const variants = option ? said.words('choices').map((choice) => ({ choice: [choice], ...of })) : [of]
    const body = { ...meant(said), options: option ? [option] : [], variants }
    done(await told(office.rest.POST('/api/v1/shops/{shop_id}/products', { params: { path: office.path, header }, body })))
  }
  return { title: w('newProduct'), fields, work }
}

export function changeProduct(office: Office, product: Product, done: () => void): Question {
  const path = { shop_id: office.shop_id, product_id: product.id }
  const work: Question['work'] = async (said) => {
    await office.rest.PATCH('/api/v1/shops/{shop_id}/products/{product_id}', { params: { path }, body: meant(said) })
    done()
  }
  return { title: w('change'), fields: words(office, product), work }
}

export function addVariant(office: Office, product: Product): Question {
  const path = { shop_id: office.shop_id, product_id: product.id }
  const fields: Asked[] = [
    ...product.options.map((option, at) => ({ name: `option${at}`, label: option })),
    { name: 'sku', label: w('sku'), optional: true },
    { name: 'stock', label: w('stock'), kind: 'whole', value: '0' },
  ]
  const work: Question['work'] = (said, header) => {
    const choice = product.options.map((_, at) => said.text(`option${at}`))
    const body = { choice, sku: said.text('sku') || null, stock: said.whole('stock') ?? 0 }
    return office.rest.POST('/api/v1/shops/{shop_id}/products/{product_id}/variants', { params: { path, header }, body })
  }
  return { title: w('newVariant'), fields, work }
}

/** Goods came in, went out, or were counted. */
export function moveStock(office: Office, variant: Schema<'Variant'>): Question {
  const path = { shop_id: office.shop_id, variant_id: variant.id }
  const kinds = (['received', 'written_off', 'counted'] as const).map((kind) => [kind, w(`stock_${kind}`)] as const)
  const fields: Asked[] = [
    { name: 'kind', label: w('what'), kind: 'choice', choices: kinds },
    { name: 'units', label: w('units'), kind: 'whole' },
    { name: 'note', label: w('remark'), optional: true },
  ]
  const work: Question['work'] = (said, header) => {
    const body = { kind: said.text('kind') as Schema<'MovementKind'>, units: said.whole('units') ?? 0, note: said.text('note') }
    return office.rest.POST('/api/v1/shops/{shop_id}/variants/{variant_id}/stock', { params: { path, header }, body })
  }
  return { title: `${w('stock')} · ${variant.choice.join(' · ')}`, fields, work }
}

export function watchStock(office: Office, variant: Schema<'Variant'>, alert_below?: number | null): Question {
  const path = { shop_id: office.shop_id, variant_id: variant.id }
  const fields: Asked[] = [{ name: 'below', label: w('alertBelow'), kind: 'whole', value: alert_below ?? '', optional: true }]
  const work: Question['work'] = (said) =>
    office.rest.PUT('/api/v1/shops/{shop_id}/variants/{variant_id}/stock/alert', { params: { path }, body: { alert_below: said.whole('below') ?? null } })
  return { title: w('alertBelow'), fields, work }
}
