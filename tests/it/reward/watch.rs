//! Claims that look made up.

use serde_json::{Value, json};

use crate::{
    coupon::{but, coupons_due, ten_off},
    order::Market,
    support::{Person, TestShop},
};

impl Market {
    async fn watches(&self, hold: bool) {
        let watch = json!({ "accounts": 30, "minutes": 10, "young_minutes": 60, "hold": hold });
        let path = self.shop.path("/claim-watch");
        assert_eq!(self.boss().put(&path, watch.clone()).await.ok(), watch);
        assert_eq!(self.boss().get(&path).await.ok(), watch);
    }

    /// So many accounts are registered, and claim.
    async fn crowd_claims(&self, people: i32, template: &str) -> Vec<Person> {
        let mut crowd = vec![];
        for place in 0..people {
            let who = self.stranger(&format!("C{place}")).await;
            self.claims(&who, template).await.ok();
            crowd.push(who);
        }
        self.all_heard().await;
        crowd
    }

    async fn batches(&self) -> Vec<Value> {
        let path = self.shop.path("/claim-batches");
        let page = self.boss().get(&path).await.ok();
        page["batches"].as_array().expect("batches").clone()
    }

    async fn decides(&self, batch: &Value, release: bool) -> crate::support::rest::Said {
        let id = batch["id"].as_str().expect("an id");
        let path = self.shop.path(&format!("/claim-batches/{id}/decide"));
        let decision = json!({ "release": release });
        self.boss().post(&path, decision).await
    }

    /// Alerts about claims, as somebody reads them.
    async fn warned(&self, who: &Person) -> Vec<String> {
        let path = self.shop.path("/alerts?limit=100");
        let page = self.server.rest().by(who).get(&path).await.ok();
        let alerts = page["alerts"].as_array().expect("alerts").iter();
        let abnormal = alerts.filter(|alert| alert["kind"] == "abnormal_claims");
        abnormal
            .map(|alert| alert["text"].as_str().expect("words").to_owned())
            .collect()
    }
}

fn states(coupons: &[Value]) -> Vec<&str> {
    let states = coupons.iter().map(|coupon| coupon["state"].as_str());
    states.map(|state| state.expect("a state")).collect()
}

/// RISK-01: thirty accounts registered within minutes claim together: one alert to those who run campaigns, not to agents, the batch is marked,
/// and its coupons are held: nobody can use one until staff let them go. Who claims after that joins the batch without another alert.
#[tokio::test]
async fn thirty_new_accounts_are_noticed_and_held() {
    let market = Market::with(9).await;
    let agent = market.shop.hire(&market.server, "agent").await;
    market.watches(true).await;
    let template = market.issues(ten_off()).await;
    let crowd = market.crowd_claims(29, &template).await;
    assert_eq!(market.batches().await, [Value::Null; 0]);
    assert_eq!(market.warned(&market.shop.owner).await, [""; 0]);
    let last = market.crowd_claims(1, &template).await.remove(0);
    let batches = market.batches().await;
    assert_eq!(batches.len(), 1);
    assert_eq!(
        (&batches[0]["coupons"], &batches[0]["held"]),
        (&json!(30), &json!(30))
    );
    let words =
        "优惠券「满50减10」领取异常:10 分钟内有 30 张被注册不足 60 分钟的新账号领取,已冻结待审核";
    assert_eq!(market.warned(&market.shop.owner).await, [words]);
    assert_eq!(market.warned(&agent).await, [""; 0]);

    let late = market.crowd_claims(1, &template).await.remove(0);
    assert_eq!(market.warned(&market.shop.owner).await.len(), 1);
    assert_eq!(market.batches().await[0]["held"], 31);
    for who in [&crowd[0], &last, &late] {
        let coupons = market.pocket(who, "usable").await;
        assert_eq!(states(&coupons), ["held"]);
        let form = but(market.basket(1), json!({ "coupon_id": coupons[0]["id"] }));
        let rest = market.server.rest().by(who);
        let tried = rest.post(&market.shop.path("/checkout"), form).await;
        assert_eq!(
            (tried.refused(), &tried.body["field"]),
            ("coupon_not_usable", &json!("held"))
        );
    }
    assert_eq!(market.differences().await, [""; 0]);

    let decided = market.decides(&batches[0], true).await.ok();
    assert_eq!(
        (&decided["released"], &decided["held"]),
        (&json!(true), &json!(0))
    );
    let again = market.decides(&batches[0], false).await;
    assert_eq!(again.refused(), "conflict");
    let coupons = market.pocket(&last, "usable").await;
    let form = but(market.basket(1), json!({ "coupon_id": coupons[0]["id"] }));
    let rest = market.server.rest().by(&last);
    let order = rest.post(&market.shop.path("/checkout"), form).await;
    order.ok();
    assert_eq!(market.differences().await, [""; 0]);
}

/// RISK-01: where the rule does not hold them, coupons are marked and can be used; accounts that are old, and claims that are far apart, are nothing
/// abnormal; what staff do not let go ends in time.
#[tokio::test]
async fn the_rule_says_what_is_done() {
    let market = Market::with(9).await;
    let path = market.shop.path("/claim-watch");
    let watch = json!({ "accounts": 3, "minutes": 10, "young_minutes": 60, "hold": false });
    market.boss().put(&path, watch.clone()).await.ok();
    let template = market.issues(ten_off()).await;
    market.crowd_claims(2, &template).await;
    market.time_passes(1).await;
    let crowd = market.crowd_claims(2, &template).await;
    assert_eq!(market.batches().await.len(), 0, "far apart");
    let olds = [market.stranger("O1").await, market.stranger("O2").await];
    market.time_passes(2).await;
    for old in &olds {
        market.claims(old, &template).await.ok();
    }
    market.crowd_claims(2, &template).await;
    assert_eq!(
        market.batches().await.len(),
        0,
        "two young ones, two old ones"
    );
    let one = market.crowd_claims(1, &template).await.remove(0);
    let batches = market.batches().await;
    assert_eq!(
        [&batches[0]["coupons"], &batches[0]["held"]],
        [&json!(3), &json!(0)]
    );
    assert_eq!(states(&market.pocket(&one, "usable").await), ["usable"]);

    market.decides(&batches[0], false).await.ok();
    let stricter = but(watch, json!({ "hold": true }));
    market.boss().put(&path, stricter).await.ok();
    let held = market.crowd_claims(3, &template).await.remove(0);
    assert_eq!(market.warned(&market.shop.owner).await.len(), 2);
    let batches = market.batches().await;
    assert_eq!(batches[0]["held"], 3);
    market.decides(&batches[0], false).await.ok();
    assert_eq!(states(&market.pocket(&held, "usable").await), ["held"]);
    market.time_passes(24 * 7).await;
    coupons_due(&market.server).await;
    assert_eq!(market.pocket(&held, "expired").await.len(), 1);
    assert_eq!(market.batches().await[0]["held"], 0);
    assert_eq!(market.differences().await, [""; 0]);
    drop(crowd);
}

/// RISK-01: what is no rule is refused; another shop's batches are not there; an agent may do nothing of it.
#[tokio::test]
async fn the_watch_is_the_shops_own() {
    let market = Market::with(1).await;
    let path = market.shop.path("/claim-watch");
    let usual = json!({ "accounts": 20, "minutes": 10, "young_minutes": 60, "hold": false });
    assert_eq!(market.boss().get(&path).await.ok(), usual);
    for wrong in [
        json!({ "accounts": 1 }),
        json!({ "minutes": 0 }),
        json!({ "young_minutes": 600_000 }),
    ] {
        let said = market.boss().put(&path, but(usual.clone(), wrong)).await;
        assert_eq!(said.refused(), "invalid_argument");
    }
    let two = but(usual, json!({ "accounts": 2 }));
    market.boss().put(&path, two.clone()).await.ok();
    let template = market.issues(ten_off()).await;
    market.crowd_claims(2, &template).await;
    let batch = market.batches().await.remove(0);
    let other = TestShop::open(&market.server).await;
    let boss = other.boss(&market.server);
    let theirs = boss.get(&other.path("/claim-batches")).await.ok();
    assert_eq!(theirs["batches"], json!([]));
    let id = batch["id"].as_str().expect("an id");
    let foreign = other.path(&format!("/claim-batches/{id}/decide"));
    let tried = boss.post(&foreign, json!({ "release": true })).await;
    assert_eq!(tried.refused(), "not_found");
    let agent = market.shop.hire(&market.server, "agent").await;
    let agent = market.server.rest().by(&agent);
    assert_eq!(agent.put(&path, two).await.refused(), "forbidden");
}

/// RISK-01: a coupon that was on an order already when its batch was noticed is held as soon as the order lets go of it.
#[tokio::test]
async fn an_order_hides_no_coupon() {
    let market = Market::with(9).await;
    market.watches(true).await;
    let template = market.issues(ten_off()).await;
    let first = market.crowd_claims(1, &template).await.remove(0);
    let rest = market.server.rest().by(&first);
    let coupon = market.pocket(&first, "usable").await[0]["id"].clone();
    let form = but(market.basket(1), json!({ "coupon_id": coupon }));
    let order = rest.post(&market.shop.path("/checkout"), form).await.ok();
    market.crowd_claims(29, &template).await;
    let batches = market.batches().await;
    assert_eq!(
        (&batches[0]["coupons"], &batches[0]["held"]),
        (&json!(30), &json!(29))
    );
    market.decides(&batches[0], false).await.ok();
    let cancel = format!("/orders/{}/cancel", crate::order::id(&order));
    rest.post(&cancel, json!({})).await.ok();
    assert_eq!(states(&market.pocket(&first, "usable").await), ["held"]);
    assert_eq!(market.differences().await, [""; 0]);
}
