//! Segments agree with counting by hand.

use serde_json::{Value, json};

use crate::{
    order::Market,
    support::{Person, TestShop},
};

fn by_tag(dimension: &str, name: &str) -> Value {
    json!({ "is": "tag", "dimension": dimension, "name": name })
}

/// CRM-05: high spend AND high repeat, top spend, bought a category lately, asked, absent: each is what a hand would count, and changes as
/// things change.
#[tokio::test]
async fn a_segment_is_who_a_hand_would_count() {
    let market = Market::with(90).await;
    let mut people = vec![];
    for name in ["Abe", "Bea", "Cid", "Dot"] {
        let person = Person::customer(&market.server, name).await;
        market.enquires(&person).await;
        people.push(person);
    }
    let (abe, bea, cid) = (&people[0], &people[1], &people[2]);
    for _ in 0..3 {
        market.sells(abe, &[(market.thing, 1)]).await;
    }
    market.sells(bea, &[(market.thing, 5)]).await;
    market.sells(cid, &[(market.another(900).await.1, 1)]).await;
    let both =
        json!({ "is": "all", "of": [by_tag("spending", "高消费"), by_tag("frequency", "高复购")] });
    market.comes_to_carry(abe, "frequency", "高复购").await;
    market.comes_to_carry(bea, "spending", "高消费").await;
    market.comes_to_carry(cid, "frequency", "低复购").await;
    let segment = market.saves("好客户", both).await;
    assert_eq!(market.members(&segment).await, ["Abe"]);
    for _ in 0..2 {
        market.sells(bea, &[(market.thing, 1)]).await;
    }
    market.comes_to_carry(bea, "frequency", "高复购").await;
    assert_eq!(market.members(&segment).await, ["Abe", "Bea"]);

    for (condition, members) in [
        (json!({ "is": "top_spent", "most": 1 }), &["Bea"][..]),
        (
            json!({ "is": "top_spent", "most": 2, "days": 30 }),
            &["Abe", "Bea"],
        ),
        (
            json!({ "is": "bought", "category": ["things"], "days": 7 }),
            &["Abe", "Bea", "Cid"],
        ),
        (json!({ "is": "bought", "category": ["nothings"] }), &[]),
        (
            json!({ "is": "spent", "at_least": 900, "at_most": 47_700 }),
            &["Abe", "Cid"],
        ),
        (json!({ "is": "purchases", "at_most": 0 }), &["Dot"]),
        (
            json!({ "is": "not", "of": { "is": "purchases", "at_least": 1 } }),
            &["Dot"],
        ),
        (
            json!({ "is": "any", "of": [by_tag("frequency", "新客"), { "is": "top_spent", "most": 1 }] }),
            &["Bea", "Dot"],
        ),
        (json!({ "is": "everybody" }), &["Abe", "Bea", "Cid", "Dot"]),
        (
            json!({ "is": "new", "days": 1 }),
            &["Abe", "Bea", "Cid", "Dot"],
        ),
        (json!({ "is": "no_order", "days": 7 }), &[]),
        (json!({ "is": "asked_about" }), &[]),
        (json!({ "is": "follows" }), &[]),
        (
            json!({ "is": "in_group", "conversation_id": market.shop.id }),
            &[],
        ),
    ] {
        assert_eq!(
            market.in_segment(condition.clone()).await,
            members,
            "{condition}"
        );
    }
    market.time_passes(24 * 7).await;
    market.sells(bea, &[(market.thing, 1)]).await;
    let absent = json!({ "is": "no_order", "days": 7 });
    assert_eq!(market.in_segment(absent).await, ["Abe", "Cid"]);
    let lately = json!({ "is": "bought", "category": ["things"], "days": 7 });
    assert_eq!(market.in_segment(lately).await, ["Bea"]);
}

/// CRM-05: what is no condition, a name that is taken and another shop's segment are refused; an agent may do nothing with segments.
#[tokio::test]
async fn segments_are_the_shops_own() {
    let market = Market::with(1).await;
    let path = market.shop.path("/segments");
    let everybody = json!({ "name": "all", "condition": { "is": "everybody" } });
    for wrong in [
        json!({ "name": "x", "condition": { "is": "all", "of": [] } }),
        json!({ "name": "x", "condition": { "is": "'; drop table users" } }),
        json!({ "name": " ", "condition": { "is": "everybody" } }),
    ] {
        let tried = market.boss().post(&path, wrong).await;
        assert_eq!(tried.refused(), "invalid_argument");
    }
    let segment = market.boss().post(&path, everybody.clone()).await.ok();
    let again = market.boss().post(&path, everybody.clone()).await;
    assert_eq!(again.refused(), "name_taken");
    let other = TestShop::open(&market.server).await;
    let foreign = other.path(&format!(
        "/segments/{}/members",
        segment["id"].as_str().expect("an id")
    ));
    let tried = other.boss(&market.server).get(&foreign).await;
    assert_eq!(tried.refused(), "not_found");
    let agent = market.shop.hire(&market.server, "agent").await;
    let tried = market.server.rest().by(&agent).post(&path, everybody).await;
    assert_eq!(tried.refused(), "forbidden");
}
