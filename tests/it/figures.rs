//! What a shop sold, gave back, handed out and answered, day by day.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    aftersale::unsent,
    coupon::{but, ten_off},
    order::{Market, conversation, id},
    support::{Person, TestShop},
};

impl Market {
    async fn figures(&self, days: u32) -> Value {
        let path = self.shop.path(&format!("/figures?days={days}"));
        self.boss().get(&path).await.ok()
    }
}

/// What stands under these names.
fn of(what: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| what[name].clone()).collect()
}

const MONEY: [&str; 3] = ["orders", "sales", "refunds"];

/// ANA-05, ANA-19, ANA-21: orders, what was paid and what went back stand on the days on which they were; people and orders are counted
/// once, and the days make the whole.
#[tokio::test]
async fn sales_are_what_was_paid_and_refunds_what_went_back() {
    let market = Market::with(20).await;
    market.place(market.basket(1)).await.ok();
    market.paid(2).await;
    market.passes(SignedDuration::from_hours(24)).await;
    let order = market.accepted(3).await;
    let case = market.apply(&order, unsent(1, 1)).await.ok();
    market.money_arrives(&case).await;

    let figures = market.figures(3).await;
    assert_eq!(figures["time_zone"], "Asia/Shanghai");
    let days = figures["days"].as_array().expect("days");
    assert_eq!(days.len(), 3, "those with nothing, too");
    assert_eq!(of(&days[0], &MONEY), [json!(0), json!(0), json!(0)]);
    assert_eq!(of(&days[1], &MONEY), [json!(2), json!(31_800), json!(0)]);
    assert_eq!(
        of(&days[2], &MONEY),
        [json!(1), json!(47_700), json!(15_900)]
    );
    let whole = &figures["whole"];
    assert_eq!(of(whole, &MONEY), [json!(3), json!(79_500), json!(15_900)]);
    let once = ["paid_orders", "paying_customers", "refunded_orders"];
    assert_eq!(of(whole, &once), [json!(2), json!(1), json!(1)]);
    let today = market.figures(1).await;
    assert_eq!(
        of(&today["whole"], &MONEY),
        [json!(1), json!(47_700), json!(15_900)],
        "yesterday is not asked for"
    );
}

/// ANA-05: a day begins and ends where the shop is.
#[tokio::test]
async fn a_day_is_the_shops() {
    let market = Market::with(20).await;
    market.paid(1).await;
    let clock = &market.server.clock;
    let day = |zone: &str| {
        let there = clock.now().in_tz(zone).expect("a zone");
        (there.date().to_string(), zone.to_owned())
    };
    // Between the two of them it is never the same day.
    for (day, zone) in [day("Pacific/Kiritimati"), day("Pacific/Niue")] {
        sqlx::query("update shops set time_zone = $1 where id = $2")
            .bind(&zone)
            .bind(market.shop.id)
            .execute(market.server.server.app.store.pool())
            .await
            .expect("a shop moves");
        let figures = market.figures(1).await;
        assert_eq!(
            (&figures["days"][0]["day"], &figures["whole"]["sales"]),
            (&json!(day), &json!(15_900)),
            "in {zone}"
        );
    }
}

/// ANA-11, ANA-12: of 4 issued 3 are claimed, of these 1 is used.
#[tokio::test]
async fn claimed_out_of_issued_and_used_out_of_claimed() {
    let market = Market::with(20).await;
    let figures = market.figures(7).await;
    let rates = ["claim_rate", "use_rate"];
    assert_eq!(of(&figures["whole"], &rates), [Value::Null, Value::Null]);
    let template = market
        .issues(but(ten_off(), json!({ "quantity": 4 })))
        .await;
    let mine = market.claims(&market.ann, &template).await.ok();
    for name in ["Bob", "Cem"] {
        let other = Person::customer(&market.server, name).await;
        market.claims(&other, &template).await.ok();
    }
    let basket = but(market.basket(1), json!({ "coupon_id": mine["id"] }));
    let order = market.place(basket).await.ok();
    market.mine(&order, "pay-in-sandbox", json!({})).await.ok();
    let figures = market.figures(7).await;
    let today = figures["days"].as_array().expect("days").last().unwrap();
    let counts = ["coupons_claimed", "coupons_used"];
    assert_eq!(of(today, &counts), [json!(3), json!(1)]);
    assert_eq!(of(&figures["whole"], &counts), [json!(3), json!(1)]);
    assert_eq!(
        of(&figures["whole"], &rates),
        [json!(7_500), json!(3_333)],
        "rounded down"
    );
}

/// How long customers wait: from the first of what they say in a row to the first answer by a person.
#[tokio::test]
async fn an_answer_is_the_first_after_a_question() {
    let market = Market::with(20).await;
    let waits = ["answers", "answer_ms", "slow_answer_ms"];
    let none = market.figures(7).await;
    assert_eq!(
        of(&none["whole"], &waits),
        [json!(0), Value::Null, Value::Null]
    );
    let order = market.place(market.basket(1)).await.ok();
    let talk = conversation(&order);
    let mut ann = market.ann.connect(&market.server).await;
    let mut owner = market.shop.owner.connect(&market.server).await;
    let secs = |secs| market.server.clock.advance(SignedDuration::from_secs(secs));
    for wait in [20, 60, 90] {
        ann.say(talk, "Is it there in M?").await;
        secs(10);
        ann.say(talk, "And in blue?").await;
        secs(wait - 10);
        owner.say(talk, "It is.").await;
        owner.say(talk, "Both.").await;
        secs(5);
    }
    ann.say(talk, "Thank you.").await;
    let whole = &market.figures(7).await["whole"];
    // The hand of the clock moves on by itself, too.
    let secs = |name: &str| whole[name].as_i64().expect("a wait") / 1_000;
    assert_eq!(whole["answers"], 3);
    assert_eq!([secs("answer_ms"), secs("slow_answer_ms")], [60, 90]);
}

/// STAFF-04, ANA-05: figures are for those who may see data, of their own shop and no other; and no more than 92 days of them.
#[tokio::test]
async fn figures_are_a_shops_own() {
    let market = Market::with(20).await;
    let order = market.paid(1).await;
    let other = TestShop::open(&market.server).await;
    let theirs = other.path("/figures");
    let theirs = other.boss(&market.server).get(&theirs).await.ok();
    assert_eq!(
        of(&theirs["whole"], &MONEY),
        [json!(0), json!(0), json!(0)],
        "{} is another shop's",
        id(&order)
    );
    assert_eq!(theirs["days"].as_array().map(Vec::len), Some(30));
    let path = market.shop.path("/figures");
    let agent = market.shop.hire(&market.server, "agent").await;
    let admin = market.shop.hire(&market.server, "administrator").await;
    for (who, said) in [
        (&agent, "forbidden"),
        (&other.owner, "forbidden"),
        (&market.ann, "forbidden"),
    ] {
        let asked = market.server.rest().by(who).get(&path).await;
        assert_eq!(asked.refused(), said);
    }
    market.server.rest().by(&admin).get(&path).await.ok();
    let asked = market.boss().get(&format!("{path}?days=93")).await;
    assert_eq!(
        (asked.refused(), &asked.body["field"]),
        ("invalid_argument", &json!("days"))
    );
}
