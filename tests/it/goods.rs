//! What a shop sells, and how much of it there is.

mod books;
mod catalogue;
mod editing;
mod import;
mod price;
mod rush;
mod stock;

use std::slice;

use serde_json::{Value, json};
use souk::{
    error::Result,
    id::{HolderId, VariantId},
    stock::{Units, hold::hold, release::release_all},
};

use crate::{
    file::{picture, upload},
    support::{TestServer, TestShop},
};

/// A dress in two variants, S/pink and M/blue, as a form.
pub fn dress(pictures: &[Value]) -> Value {
    json!({
        "title": "连衣裙", "category": ["服饰", "女装", "连衣裙"], "description": "夏季新款", "pictures": pictures,
        "list_price": 19_900, "price": 15_900, "options": ["尺码", "颜色"],
        "variants": [
            { "choice": ["S", "粉"], "sku": "D-S", "stock": 20 },
            { "choice": ["M", "蓝"], "sku": "D-M", "stock": 30 },
        ],
    })
}

/// The owner's uploaded pictures.
pub async fn pictures(server: &TestServer, shop: &TestShop, number: usize) -> Vec<Value> {
    let mut ids = vec![];
    for _ in 0..number {
        let (_, file) = upload(server, &shop.owner, "dress.png", picture(4, 4)).await;
        ids.push(file["file_id"].clone());
    }
    ids
}

/// The owner makes a product.
pub async fn make(server: &TestServer, shop: &TestShop, form: Value) -> Value {
    let path = shop.path("/products");
    shop.boss(server).post(&path, form).await.ok()
}

/// A listed thing without options, with this price and stock.
pub async fn thing(server: &TestServer, shop: &TestShop, price: i64, stock: i64) -> Value {
    let form = json!({
        "title": "thing", "category": ["things"], "description": "it is", "pictures": pictures(server, shop, 3).await,
        "list_price": price, "price": price, "variants": [{ "stock": stock }], "listed": true,
    });
    make(server, shop, form).await
}

/// The id of a product's variant.
pub fn variant(goods: &Value, place: usize) -> VariantId {
    let id = goods["variants"][place]["id"].as_str().expect("an id");
    id.parse().expect("an id")
}

pub fn units(variant_id: VariantId, units: u32) -> Units {
    Units { variant_id, units }
}

/// What an order does: holds, and commits.
pub async fn order(server: &TestServer, shop: &TestShop, wanted: &[Units]) -> Result<HolderId> {
    let (app, holder) = (&server.server.app, HolderId::new());
    let mut tx = app.store.begin(shop.id).await?;
    hold(&mut tx, holder, wanted, None, app.clock.now()).await?;
    tx.commit().await?;
    Ok(holder)
}

/// What cancelling does; gives what came back.
pub async fn cancel(server: &TestServer, shop: &TestShop, holder: HolderId) -> Result<Vec<Units>> {
    let app = &server.server.app;
    let mut tx = app.store.begin(shop.id).await?;
    let released = release_all(&mut tx, holder, None, app.clock.now()).await?;
    tx.commit().await?;
    Ok(released)
}

/// On hand, held, available.
pub async fn level(server: &TestServer, shop: &TestShop, variant: VariantId) -> [i64; 3] {
    let path = shop.path(&format!("/variants/{variant}/stock"));
    let level = shop.boss(server).get(&path).await.ok()["level"].clone();
    ["on_hand", "held", "available"].map(|field| level[field].as_i64().expect("a number"))
}

/// What `souk audit` would print.
pub async fn differences(server: &TestServer) -> Vec<String> {
    let store = &server.server.app.store;
    souk::books::differences(store)
        .await
        .expect("the books are read")
}

/// One unit of one variant.
pub async fn order_one(
    server: &TestServer,
    shop: &TestShop,
    variant: VariantId,
) -> Result<HolderId> {
    order(server, shop, slice::from_ref(&units(variant, 1))).await
}
