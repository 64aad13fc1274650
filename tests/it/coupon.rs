//! Coupons: issued, claimed, given, kept, and taken off orders.

mod claiming;
mod codes;
mod draft;
mod giving;
mod ordering;
mod picking;
mod rush;
mod terms;
mod wallet;

use jiff::{civil::DateTime, tz::Offset};
use serde_json::{Value, json};

use crate::{
    order::Market,
    support::{Person, TestServer, rest::Said},
};

/// 满50减10 for a week from the claim, for everybody.
pub fn ten_off() -> Value {
    json!({
        "terms": {
            "title": "满50减10", "face": { "kind": "full_reduction", "value": 1_000, "threshold": 5_000 },
            "scope": { "of": "shop" }, "stacks_with_promotions": true,
        },
        "validity": { "days": 7 }, "eligibility": { "who": "anyone" }, "aim": "new_customers",
    })
}

/// The same with something else.
pub fn but(mut form: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else {
        panic!("changes have names");
    };
    for (name, value) in changes {
        form[name] = value;
    }
    form
}

/// What the clock on the shop's wall shows in so many hours.
pub fn on_the_wall(market: &Market, hours: i64) -> DateTime {
    let then = market.server.clock.now() + jiff::SignedDuration::from_hours(hours);
    Offset::constant(8).to_datetime(then)
}

/// Everything of coupons whose time has come.
pub async fn coupons_due(server: &TestServer) {
    let due = souk::coupon::time_out::due(&server.server.app);
    let done = server.in_turn("coupons_due", due).await;
    done.expect("the schedule works");
}

impl Market {
    fn templates(&self, rest: &str) -> String {
        self.shop.path(&format!("/coupon-templates{rest}"))
    }

    /// The owner lays down terms.
    async fn lays_down(&self, form: Value) -> String {
        let template = self.boss().post(&self.templates(""), form).await.ok();
        template["id"].as_str().expect("an id").to_owned()
    }

    /// The same, and publishes them.
    pub async fn issues(&self, form: Value) -> String {
        let template = self.lays_down(form).await;
        self.publishes(&template, false).await.ok();
        template
    }

    async fn publishes(&self, template: &str, on_trial: bool) -> Said {
        let path = self.templates(&format!("/{template}/publish"));
        self.boss()
            .post(&path, json!({ "on_trial": on_trial }))
            .await
    }

    /// What has become of them.
    async fn report(&self, template: &str) -> Value {
        let path = self.templates(&format!("/{template}"));
        self.boss().get(&path).await.ok()
    }

    /// Somebody claims one in the shop.
    pub async fn claims(&self, who: &Person, template: &str) -> Said {
        let path = self.templates(&format!("/{template}/claim"));
        self.server.rest().by(who).post(&path, json!({})).await
    }

    /// A part of somebody's wallet.
    pub async fn pocket(&self, who: &Person, state: &str) -> Vec<Value> {
        let path = format!("/coupons?state={state}");
        let page = self.server.rest().by(who).get(&path).await.ok();
        page["coupons"].as_array().expect("coupons").clone()
    }

    /// Everything of coupons whose time has come.
    async fn coupons_due(&self) {
        coupons_due(&self.server).await;
    }

    async fn bob(&self) -> Person {
        Person::customer(&self.server, "Bob").await
    }
}

/// The audit names a counter that somebody has changed behind the server's back, and an order's discount that no coupon explains.
#[tokio::test]
async fn the_audit_knows_coupons() {
    let market = Market::with(3).await;
    let template = market
        .issues(but(ten_off(), json!({ "quantity": 9 })))
        .await;
    let coupon = market.claims(&market.ann, &template).await.ok();
    let order = but(market.basket(1), json!({ "coupon_id": coupon["id"] }));
    let order = market.place(order).await.ok();
    assert_eq!(market.differences().await, [""; 0]);
    let pool = market.server.server.app.store.pool();
    for statement in [
        "update coupon_templates set claimed = 2",
        "update coupons set deducted = 999",
    ] {
        sqlx::query(statement).execute(pool).await.expect("changed");
    }
    let said = market.differences().await;
    assert_eq!(
        said,
        [
            format!(
                "coupon template {template}: 2 claimed and 0 given, by its rows 1 and 0, worth 2000; quantity Some(9), budget None"
            ),
            format!(
                "order {} (pending_payment): a discount of 1000, its lines' shares 1000, its coupon (locked) 999, its promotions 0",
                crate::order::id(&order)
            ),
        ]
    );
}
