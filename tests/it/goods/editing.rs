//! Other words, parts and prices for what is sold already.

use serde_json::{Value, json};

use super::{dress, level, make, pictures, thing, variant};
use crate::{
    order::{Market, id},
    support::{TestShop, rest::Said},
};

/// A market with a dress on the shelf, S/pink and M/blue.
async fn with_a_dress() -> (Market, Value) {
    let market = Market::with(1).await;
    let mut form = dress(&pictures(&market.server, &market.shop, 3).await);
    form["listed"] = true.into();
    let goods = make(&market.server, &market.shop, form).await;
    (market, goods)
}

impl Market {
    /// The owner changes a variant.
    async fn varies(&self, variant: &str, change: Value) -> Said {
        let path = self.shop.path(&format!("/variants/{variant}"));
        self.boss().patch(&path, change).await
    }

    /// The owner changes a bundle.
    async fn bundles(&self, bundle: &Value, change: Value) -> Said {
        let path = self.shop.path(&format!("/bundles/{}", id(bundle)));
        self.boss().patch(&path, change).await
    }

    /// What the record has of a deed: before and after, the newest first.
    async fn recorded(&self, action: &str) -> Vec<(Value, Value)> {
        let record = self.boss().get(&self.shop.path("/audit?limit=200")).await;
        let rows = record.ok()["entries"].as_array().expect("rows").clone();
        let rows = rows.iter().filter(|row| row["action"] == action);
        rows.map(|row| (row["before"].clone(), row["after"].clone()))
            .collect()
    }

    /// Somebody orders this.
    async fn takes(&self, basket: Value) -> Value {
        let mut form = self.basket(1);
        form["basket"] = basket;
        self.place(form).await.ok()
    }

    /// The first bundle that customers see.
    async fn on_offer(&self) -> Value {
        let bundles = self.customer().get(&self.shop.path("/bundles")).await.ok();
        bundles["bundles"][0].clone()
    }
}

/// What a product's first variant says.
fn says(goods: &Value) -> (Value, Value) {
    let first = &goods["variants"][0];
    (first["choice"].clone(), first["sku"].clone())
}

fn part(goods: &Value, pieces: u32) -> Value {
    json!({ "product_id": goods["product"]["id"], "pieces": pieces })
}

/// PROD-03, INV-01, SEC-03: a variant gets other words: its units stay held, orders keep what they were placed with, one row is left.
#[tokio::test]
async fn a_variant_says_something_else() {
    let (market, goods) = with_a_dress().await;
    let pink = variant(&goods, 0);
    let line = json!({ "lines": [{ "variant_id": pink, "units": 2 }] });
    let order = market.takes(line).await;
    let change = json!({ "choice": ["S", "樱花粉"], "sku": "" });
    let wanted = (json!(["S", "樱花粉"]), Value::Null);
    for _ in 0..2 {
        let changed = market.varies(&pink.to_string(), change.clone()).await.ok();
        assert_eq!(says(&changed), wanted);
    }
    let product = goods["product"]["id"].as_str().unwrap();
    let path = market.shop.path(&format!("/products/{product}"));
    assert_eq!(says(&market.customer().get(&path).await.ok()), wanted);
    assert_eq!(level(&market.server, &market.shop, pink).await, [20, 2, 18]);
    let kept = market.seen(&order).await;
    assert_eq!(kept["lines"][0]["choice"], json!(["S", "粉"]));
    let rows = market.recorded("product.variant_changed").await;
    assert_eq!(rows.len(), 1);
    let (before, after) = &rows[0];
    assert_eq!(
        (&before["sku"], &after["choice"]),
        (&json!("D-S"), &wanted.0)
    );
}

/// PROD-03: the words of another variant and too few of them, variants that are not there, another shop's, and whoever may not: refused, and
/// nothing has changed.
#[tokio::test]
async fn what_a_variant_cannot_say() {
    let (market, goods) = with_a_dress().await;
    let pink = variant(&goods, 0).to_string();
    for (change, field) in [
        (json!({ "choice": ["M", "蓝"] }), "choice"),
        (json!({ "choice": ["S"] }), "choice"),
        (json!({ "choice": ["S", " "] }), "choice"),
        (json!({ "sku": "D-M" }), "sku"),
        (json!({ "sku": "9".repeat(65) }), "sku"),
    ] {
        let refused = market.varies(&pink, change).await;
        assert_eq!(refused.refused(), "invalid_argument");
        assert_eq!(refused.body["field"], field);
    }
    let change = json!({ "sku": "X" });
    let product = goods["product"]["id"].as_str().unwrap();
    let unknown = market.varies(product, change.clone()).await;
    assert_eq!(unknown.refused(), "not_found");
    let other = TestShop::open(&market.server).await;
    let (boss, path) = (
        other.boss(&market.server),
        other.path(&format!("/variants/{pink}")),
    );
    let foreign = boss.patch(&path, change.clone()).await;
    assert_eq!(foreign.refused(), "not_found");
    let (stranger, path) = (
        market.customer(),
        market.shop.path(&format!("/variants/{pink}")),
    );
    let stranger = stranger.patch(&path, change).await;
    assert_eq!(stranger.refused(), "forbidden");
    let path = market.shop.path(&format!("/products/{product}"));
    let kept = market.boss().get(&path).await.ok();
    assert_eq!(says(&kept), (json!(["S", "粉"]), json!("D-S")));
}

/// PROD-03: options get other names, as many as before and each once.
#[tokio::test]
async fn options_get_other_names() {
    let (market, goods) = with_a_dress().await;
    let product = goods["product"]["id"].as_str().unwrap();
    let path = market.shop.path(&format!("/products/{product}"));
    let options = async |options: Value| {
        let change = json!({ "options": options });
        market.boss().patch(&path, change).await
    };
    for wrong in [json!(["号码"]), json!(["号码", "号码"]), json!([])] {
        assert_eq!(options(wrong).await.body["field"], "options");
    }
    let wanted = json!(["号码", "颜色"]);
    assert_eq!(options(wanted.clone()).await.ok()["options"], wanted);
}

/// PROD-09, SEC-03: a bundle gets another name, other parts, another price: an order keeps what it was placed for, a quote has what it costs now.
#[tokio::test]
async fn a_bundle_is_changed() {
    let market = Market::with(1).await;
    let (server, shop) = (&market.server, &market.shop);
    let dress = thing(server, shop, 15_900, 9).await;
    let hat = thing(server, shop, 3_000, 9).await;
    let form = json!({ "title": "set", "parts": [part(&dress, 1), part(&hat, 1)], "saving": 1_000, "listed": true });
    let bundle = market.boss().post(&shop.path("/bundles"), form).await.ok();
    let chosen = [variant(&dress, 0), variant(&hat, 0)];
    let basket =
        json!({ "bundles": [{ "bundle_id": bundle["id"], "units": 1, "variant_ids": chosen }] });
    let order = market.takes(basket.clone()).await;
    assert_eq!(order["total"], 17_900);

    let wanted =
        json!({ "title": "two hats", "parts": [part(&dress, 1), part(&hat, 2)], "saving": 2_000 });
    for _ in 0..2 {
        let changed = market.bundles(&bundle, wanted.clone()).await.ok();
        assert_eq!(
            (&changed["title"], &changed["parts"]),
            (&wanted["title"], &wanted["parts"])
        );
    }
    let quotes = shop.path("/quotes");
    let quote = market.customer().post(&quotes, basket).await.ok();
    assert_eq!(quote["total"], 15_900 + 2 * 3_000 - 2_000);
    let seen = market.seen(&order).await;
    assert_eq!(
        (&seen["total"], &seen["lines"]),
        (&order["total"], &order["lines"])
    );
    assert_eq!(level(server, shop, chosen[1]).await, [9, 1, 8]);
    let rows = market.recorded("bundle.changed").await;
    assert_eq!(rows.len(), 1);
    let savings = (&rows[0].0["saving"], &rows[0].1["saving"]);
    assert_eq!(savings, (&json!(1_000), &json!(2_000)));
}

/// PROD-09: what saves nothing or all, is one piece, has another shop's parts, or is another shop's: refused, and nothing has changed.
#[tokio::test]
async fn what_a_bundle_cannot_be() {
    let market = Market::with(1).await;
    let (server, shop) = (&market.server, &market.shop);
    let dress = thing(server, shop, 15_900, 9).await;
    let hat = thing(server, shop, 3_000, 9).await;
    let form = json!({ "title": "set", "parts": [part(&dress, 1), part(&hat, 1)], "saving": 1_000, "listed": true });
    let bundle = market.boss().post(&shop.path("/bundles"), form).await.ok();
    for (change, field) in [
        (json!({ "saving": 0 }), "saving"),
        (json!({ "saving": -1 }), "saving"),
        (json!({ "saving": 18_900 }), "saving"),
        (json!({ "parts": [part(&dress, 1)] }), "parts"),
        (json!({ "title": " " }), "title"),
    ] {
        let refused = market.bundles(&bundle, change).await;
        assert_eq!(refused.refused(), "invalid_argument");
        assert_eq!(refused.body["field"], field);
    }
    let other = TestShop::open(server).await;
    let theirs = thing(server, &other, 100, 1).await;
    let foreign = json!({ "parts": [part(&dress, 1), part(&theirs, 1)] });
    let foreign = market.bundles(&bundle, foreign).await;
    assert_eq!(foreign.refused(), "not_found");
    let (boss, path) = (
        other.boss(server),
        other.path(&format!("/bundles/{}", id(&bundle))),
    );
    let foreign = boss.patch(&path, json!({ "title": "mine" })).await;
    assert_eq!(foreign.refused(), "not_found");
    assert_eq!(market.on_offer().await, bundle);
}
