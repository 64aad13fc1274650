//! Promotions: what is cheaper for a time, what is taken off or given from an amount on, and where their links lead.

mod drafting;
mod flash;
mod gifts;
mod page;
mod rush;
mod terms;
mod tiered;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::Offset};
use serde_json::{Value, json};
use souk::id::VariantId;

use crate::{
    goods::{make, pictures, variant},
    order::Market,
    support::rest::Said,
};

/// Something that the shop sells.
pub struct Thing {
    product: Value,
    variant: VariantId,
}

/// What the clock on the shop's wall shows at a moment.
fn wall(at: Timestamp) -> DateTime {
    Offset::constant(8).to_datetime(at)
}

impl Market {
    /// The moment so many seconds from now, to the second.
    fn in_seconds(&self, seconds: i64) -> Timestamp {
        let now = self.server.clock.now().as_second();
        Timestamp::from_second(now + seconds).expect("a time")
    }

    /// Until it is this moment.
    async fn until(&self, moment: Timestamp) {
        self.passes(moment.duration_since(self.server.clock.now()))
            .await;
    }

    /// A listed thing with this price and stock.
    async fn puts_up(&self, title: &str, price: i64, stock: i64) -> Thing {
        let form = json!({
            "title": title, "category": ["cake"], "description": "sweet", "pictures": pictures(&self.server, &self.shop, 3).await,
            "list_price": price, "price": price, "variants": [{ "stock": stock }], "listed": true,
        });
        let goods = make(&self.server, &self.shop, form).await;
        Thing {
            product: goods["product"]["id"].clone(),
            variant: variant(&goods, 0),
        }
    }

    fn promotions(&self, rest: &str) -> String {
        self.shop.path(&format!("/promotions{rest}"))
    }

    /// The owner lays down a promotion that runs for an hour from now on.
    async fn tries(&self, terms: Value, stacks: bool) -> Said {
        self.promotes(terms, stacks, (self.in_seconds(-5), self.in_seconds(3_600)))
            .await
    }

    async fn promotes(&self, terms: Value, stacks: bool, period: (Timestamp, Timestamp)) -> Said {
        let form = json!({
            "name": "双十一", "terms": terms, "stacks_with_coupons": stacks, "from": wall(period.0), "until": wall(period.1),
        });
        self.boss().post(&self.promotions(""), form).await
    }

    /// What so many of a thing would cost.
    async fn quotes(&self, thing: &Thing, units: u32) -> Value {
        let basket = self.basket_of(&[(thing, units)]);
        self.quote(basket).await
    }

    async fn quote(&self, basket: Value) -> Value {
        let form = json!({ "basket": basket["basket"], "delivery_method": "express", "coupon_id": basket["coupon_id"] });
        let path = self.shop.path("/checkout/quote");
        self.customer().post(&path, form).await.ok()
    }

    fn basket_of(&self, things: &[(&Thing, u32)]) -> Value {
        let mut basket = self.basket(1);
        let line =
            |(thing, units): &(&Thing, u32)| json!({ "variant_id": thing.variant, "units": units });
        basket["basket"]["lines"] = things.iter().map(line).collect();
        basket
    }

    /// The customer orders so many of a thing.
    async fn orders(&self, thing: &Thing, units: u32) -> Value {
        self.place(self.basket_of(&[(thing, units)])).await.ok()
    }

    async fn pays(&self, order: &Value) -> Value {
        self.mine(order, "pay-in-sandbox", json!({})).await.ok()
    }
}

/// 8折 for a thing.
fn eighty_percent(thing: &Thing) -> Value {
    json!({ "kind": "flash", "product_ids": [thing.product], "off": 2_000 })
}

/// From amounts on, in minor units.
fn by_amount(tiers: &Value) -> Value {
    json!({ "kind": "tiered", "measure": "amount", "tiers": tiers })
}

/// The audit names what a promotion does not explain.
#[tokio::test]
async fn the_audit_knows_promotions() {
    let market = Market::with(1).await;
    let cake = market.puts_up("cake", 10_000, 5).await;
    let terms = by_amount(&json!([{ "from": 10_000, "off": 1_000 }]));
    let promotion = market.tries(terms, true).await.ok();
    let order = market.orders(&cake, 1).await;
    assert_eq!(order["discount"], 1_000);
    assert_eq!(market.differences().await, [""; 0]);
    sqlx::query("update order_promotions set reduced = 1001")
        .execute(market.server.server.app.store.pool())
        .await
        .expect("changed");
    let (id, promotion) = (crate::order::id(&order), promotion["id"].as_str().unwrap());
    let said = market.differences().await;
    assert_eq!(
        said,
        [
            format!(
                "order {id} (pending_payment): a discount of 1000, its lines' shares 1000, its coupon (none) 0, its promotions 1001"
            ),
            format!(
                "order {id}: promotion {promotion} took 1001 off at its tier Some(10000), which takes Some(1000) off, and gave 0 lines that cost 0"
            ),
        ]
    );
}

const SECOND: SignedDuration = SignedDuration::from_secs(1);
