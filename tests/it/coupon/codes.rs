//! Words on posters.

use serde_json::{Value, json};

use super::{but, ten_off};
use crate::{
    order::Market,
    support::{Person, TestShop, rest::Said},
};

async fn code(market: &Market, template: &str, hours: u32) -> String {
    let path = market.templates(&format!("/{template}/codes"));
    let issued = market
        .boss()
        .post(&path, json!({ "hours": hours }))
        .await
        .ok();
    issued["code"].as_str().expect("a code").to_owned()
}

/// A new customer, who has guessed nothing before, says a code.
async fn says(market: &Market, shop: &TestShop, code: &str) -> Said {
    let who = Person::customer(&market.server, "Somebody").await;
    says_as(market, &who, shop, code).await
}

async fn says_as(market: &Market, who: &Person, shop: &TestShop, code: &str) -> Said {
    let path = shop.path("/coupon-codes/claim");
    market
        .server
        .rest()
        .by(who)
        .post(&path, json!({ "code": code }))
        .await
}

/// CPN-09, CPN-16: who has the right code hears what is to be done first, and that was no guess.
#[tokio::test]
async fn a_right_code_says_what_is_to_be_done_first() {
    let market = Market::with(1).await;
    let conditions = json!({ "conditions": { "browse_seconds": 30 } });
    let template = market.issues(but(ten_off(), conditions)).await;
    let right = code(&market, &template, 48).await;
    for _ in 0..20 {
        let said = says_as(&market, &market.ann, &market.shop, &right).await;
        assert_eq!(said.refused(), "coupon_task_open");
    }
}

/// CPN-09, CPN-16: what is only earned gets no code, for nobody could use it.
#[tokio::test]
async fn what_is_only_earned_has_no_code() {
    let market = Market::with(1).await;
    let conditions = json!({ "conditions": { "earned_only": true } });
    let template = market.issues(but(ten_off(), conditions)).await;
    let path = market.templates(&format!("/{template}/codes"));
    let issued = market.boss().post(&path, json!({ "hours": 48 })).await;
    assert_eq!(issued.refused(), "invalid_argument");
}

/// CPN-09: the code gives a coupon, in small letters and with hyphens, too. Wrong, expired, exhausted, ended and foreign ones are refused
/// alike, to the letter.
#[tokio::test]
async fn all_that_is_wrong_with_a_code_looks_alike() {
    let market = Market::with(1).await;
    let template = market
        .issues(but(ten_off(), json!({ "quantity": 1 })))
        .await;
    let right = code(&market, &template, 48).await;
    let spoken = format!("{}-{}", &right[..9], &right[9..]).to_lowercase();
    let coupon = says(&market, &market.shop, &spoken).await.ok();
    assert_eq!(
        (&coupon["source"], &coupon["template_id"]),
        (&json!("code"), &json!(template))
    );

    let over = market.issues(ten_off()).await;
    let (over, stopped) = (
        code(&market, &over, 1).await,
        market.issues(ten_off()).await,
    );
    let of_stopped = code(&market, &stopped, 48).await;
    let end = market.templates(&format!("/{stopped}/end"));
    market.boss().post(&end, json!({})).await.ok();
    market.time_passes(2).await;
    let abroad = TestShop::open(&market.server).await;
    let mut answers: Vec<(u16, Value)> = vec![];
    for (shop, said) in [
        (&market.shop, "0000000000000000A"),
        (&market.shop, "?"),
        (&market.shop, right.as_str()),
        (&market.shop, over.as_str()),
        (&market.shop, of_stopped.as_str()),
        (&abroad, right.as_str()),
    ] {
        let mut refused = says(&market, shop, said).await;
        assert_eq!(refused.refused(), "coupon_code_invalid");
        refused
            .body
            .as_object_mut()
            .expect("a problem")
            .remove("instance");
        answers.push((refused.status, refused.body));
    }
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "{answers:?}"
    );
}

/// CPN-09: who guesses waits longer and longer, whichever shop they try.
#[tokio::test]
async fn guessing_gets_slow() {
    let market = Market::with(1).await;
    let mut refused = vec![];
    for guess in 0..20 {
        let said = says_as(&market, &market.ann, &market.shop, &format!("{guess}")).await;
        refused.push(said.refused().to_owned());
    }
    let first = refused
        .iter()
        .position(|code| code == "rate_limited")
        .expect("it is slowed");
    assert!((1..15).contains(&first), "{refused:?}");
    let template = market.issues(ten_off()).await;
    let right = code(&market, &template, 48).await;
    let said = says_as(&market, &market.ann, &market.shop, &right).await;
    assert_eq!(
        said.refused(),
        "rate_limited",
        "the right one, too, has to wait"
    );
    market.time_passes(1).await;
    says_as(&market, &market.ann, &market.shop, &right)
        .await
        .ok();
}
