//! The picture of a product in a conversation.

use jiff::Timestamp;
use proto::{Card, ProductCard};

use crate::{
    clock::millis,
    error::Result,
    id::ShopId,
    money::Currency,
    product::{Shelved, list::OnSale},
};

/// As everybody is told it now.
pub(super) fn draw(shop: ShopId, on_sale: &OnSale, now: Timestamp) -> Result<Card> {
    let OnSale { goods, currency } = on_sale;
    let product = &goods.product;
    let label = goods.flash.iter().map(|flash| flash.label.clone());
    Ok(Card {
        summary: summary(goods, currency)?,
        product: Some(Box::new(ProductCard {
            product_id: product.id.to_string(),
            shop_id: shop.to_string(),
            title: product.title.clone(),
            picture: product
                .pictures
                .first()
                .map(ToString::to_string)
                .unwrap_or_default(),
            currency: currency.clone(),
            list_price: product.list_price.in_minor(),
            price: goods.price().in_minor(),
            labels: label.chain(product.labels.iter().cloned()).collect(),
            as_of: millis(now),
            price_until: goods
                .flash
                .as_ref()
                .map_or(0, |flash| millis(flash.ends_at)),
        })),
        ..Card::default()
    })
}

/// One line for lists: `连衣裙 · 159.00 CNY`.
fn summary(goods: &Shelved, currency: &str) -> Result<String> {
    let price = Currency::parse(currency)?.write(goods.price());
    Ok(format!("{} · {price} {currency}", goods.product.title))
}
