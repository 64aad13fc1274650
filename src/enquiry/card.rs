//! The picture of a product in a conversation.

use jiff::Timestamp;
use proto::{Card, ProductCard};

use crate::{
    clock::millis,
    error::Result,
    id::ShopId,
    money::Currency,
    product::{Product, list::OnSale},
};

/// As everybody is told it now.
pub(super) fn draw(shop: ShopId, on_sale: &OnSale, now: Timestamp) -> Result<Card> {
    let OnSale { product, currency } = on_sale;
    Ok(Card {
        summary: summary(product, currency)?,
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
            price: product.price.in_minor(),
            labels: product.labels.clone(),
            as_of: millis(now),
        })),
        ..Card::default()
    })
}

/// One line for lists: `连衣裙 · 159.00 CNY`.
fn summary(product: &Product, currency: &str) -> Result<String> {
    let price = Currency::parse(currency)?.write(product.price);
    Ok(format!("{} · {price} {currency}", product.title))
}
