//! What is done before a claim.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    coupon::{but, ten_off},
    order::Market,
    support::{Person, rest::Said},
};

fn with(conditions: &Value) -> Value {
    but(ten_off(), json!({ "conditions": conditions }))
}

impl Market {
    async fn of_template(&self, who: &Person, template: &str, what: &str) -> Said {
        let path = self
            .shop
            .path(&format!("/coupon-templates/{template}/{what}"));
        let rest = self.server.rest().by(who);
        match what {
            "browsing" => rest.put(&path, json!({})).await,
            "progress" => rest.get(&path).await,
            _ => rest.post(&path, json!({})).await,
        }
    }

    /// Says that somebody looks around; says for how many seconds they have.
    async fn looks(&self, who: &Person, template: &str) -> i64 {
        let progress = self.of_template(who, template, "browsing").await.ok();
        progress["browsed_seconds"].as_i64().expect("seconds")
    }

    async fn seconds(&self, seconds: i64) {
        self.passes(SignedDuration::from_secs(seconds)).await;
    }

    async fn helps(&self, who: &Person, code: &str) -> Said {
        let path = format!("/coupon-helps/{code}");
        self.server.rest().by(who).post(&path, json!({})).await
    }

    async fn asks_for_help(&self, who: &Person, template: &str) -> String {
        let plea = self.of_template(who, template, "help").await.ok();
        plea["code"].as_str().expect("a code").to_owned()
    }
}

/// CPN-16: at once it is refused, after 45 seconds by the server's clock it is granted. Who is away longer than half a minute has not looked
/// around meanwhile, and however often one says so, time passes once.
#[tokio::test]
async fn browse_first() {
    let market = Market::with(1).await;
    let template = market.issues(with(&json!({ "browse_seconds": 45 }))).await;
    let ann = &market.ann;
    let said = market.claims(ann, &template).await;
    assert_eq!(
        (said.refused(), &said.body["field"]),
        ("coupon_task_open", &json!("browse"))
    );
    assert_eq!(market.looks(ann, &template).await, 0);
    let tries = market.claims(ann, &template).await;
    assert_eq!(tries.refused(), "coupon_task_open");
    market.seconds(31).await;
    assert_eq!(market.looks(ann, &template).await, 0, "away for too long");
    market.seconds(20).await;
    for _ in 0..5 {
        let looked = market.looks(ann, &template).await;
        assert!((20..30).contains(&looked), "{looked}");
    }
    market.seconds(10).await;
    let short = market.claims(ann, &template).await;
    let said = short.body["detail"].as_str().expect("a sentence");
    assert!(said.starts_with("Look around in the shop first"), "{said}");
    market.looks(ann, &template).await;
    market.seconds(20).await;
    let progress = market.of_template(ann, &template, "progress").await.ok();
    assert_eq!(progress["browse_seconds"], 45);
    market.claims(ann, &template).await.ok();
    let bob = market.stranger("Bob").await;
    let tries = market.claims(&bob, &template).await;
    assert_eq!(tries.refused(), "coupon_task_open", "each for themselves");
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-16: where nothing is to be looked at nobody needs to say so; drafts are not there; a gift from staff asks for nothing.
#[tokio::test]
async fn what_asks_for_nothing() {
    let market = Market::with(1).await;
    let plain = market.issues(ten_off()).await;
    for what in ["browsing", "help"] {
        let said = market.of_template(&market.ann, &plain, what).await;
        assert_eq!(said.refused(), "not_found");
    }
    let template = market.issues(with(&json!({ "browse_seconds": 45 }))).await;
    let place = market.enquires(&market.ann).await;
    let gift = json!({ "template_id": template, "conversation_id": place });
    let gifts = market.shop.path("/coupon-gifts");
    market.boss().post(&gifts, gift).await.ok();
    assert_eq!(market.pocket(&market.ann, "usable").await.len(), 1);
    for wrong in [
        json!({ "browse_seconds": 0 }),
        json!({ "browse_seconds": 3_601 }),
        json!({ "helpers": 0 }),
        json!({ "helpers": 101 }),
    ] {
        let form = with(&wrong);
        let templates = market.shop.path("/coupon-templates");
        let said = market.boss().post(&templates, form).await;
        assert_eq!(said.refused(), "invalid_argument");
    }
}

/// CPN-17: one friend short it is locked, with the second it is not; who helps again counts once, and helps nobody else to it.
#[tokio::test]
async fn friends_help() {
    let market = Market::with(1).await;
    let template = market.issues(with(&json!({ "helpers": 2 }))).await;
    let (ann, eve) = (market.stranger("Ann").await, market.stranger("Eve").await);
    let (bob, cleo) = (market.stranger("Bob").await, market.stranger("Cleo").await);
    let locked = async |field: &str| {
        let said = market.claims(&ann, &template).await;
        assert_eq!(
            (said.refused(), &said.body["field"]),
            ("coupon_task_open", &json!(field))
        );
    };
    let code = market.asks_for_help(&ann, &template).await;
    assert_eq!(market.asks_for_help(&ann, &template).await, code);
    locked("helpers").await;
    for _ in 0..3 {
        let helped = market.helps(&bob, &code).await.ok();
        assert_eq!(helped["helped"], 1);
    }
    locked("helpers").await;
    let eves = market.asks_for_help(&eve, &template).await;
    assert_eq!(
        market.helps(&bob, &eves).await.refused(),
        "coupon_help_invalid"
    );
    assert_eq!(market.helps(&cleo, &code).await.ok()["helped"], 2);
    market.claims(&ann, &template).await.ok();
    let tries = market.claims(&eve, &template).await;
    assert_eq!(tries.refused(), "coupon_task_open");
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-17, RISK-02: oneself, one's device, staff, the banned, a wrong code, and coupons that are over: all are refused alike, word for word.
#[tokio::test]
async fn refused_help_looks_alike() {
    let market = Market::with(1).await;
    let template = market.issues(with(&json!({ "helpers": 1 }))).await;
    let ann = market.stranger("Ann").await;
    let code = market.asks_for_help(&ann, &template).await;
    let (double, banned) = (
        market.stranger("Double").await,
        market.stranger("Banned").await,
    );
    market.gives_device(&double, "Ann").await;
    market.enquires(&banned).await;
    let ban = market.shop.path(&format!("/bans/{}", banned.id));
    let why = json!({ "reason": "rude" });
    market.boss().put(&ban, why).await.ok();
    let bob = market.stranger("Bob").await;
    let wrong = "AAAAAAAAAAAAAAAAAAAAAA";
    let mut said = vec![
        market.helps(&ann, &code).await,
        market.helps(&double, &code).await,
        market.helps(&banned, &code).await,
        market.helps(&bob, wrong).await,
        market.helps(&bob, "x").await,
    ];
    let end = market
        .shop
        .path(&format!("/coupon-templates/{template}/end"));
    market.boss().post(&end, json!({})).await.ok();
    said.push(market.helps(&bob, &code).await);
    for one in &said {
        assert_eq!(one.refused(), "coupon_help_invalid");
        let parts = ["code", "detail", "title", "field", "status"];
        let of = |said: &Said| parts.map(|part| said.body[part].clone());
        assert_eq!(of(one), of(&said[0]));
    }
    let tries = market.claims(&ann, &template).await;
    assert_eq!(tries.refused(), "coupon_not_now");
}
