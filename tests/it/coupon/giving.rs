//! Coupons in a chat.

use proto::{CouponCard, GiftState, Refusal};
use serde_json::{Value, json};
use souk::{coupon::time_out, id::ConversationId};

use super::{but, ten_off};
use crate::{
    order::{Market, next_card},
    support::{
        Person, Rest,
        asking::{asked, refused},
        people::Line,
        scene::join,
    },
};

async fn gives(market: &Market, by: &Rest, form: Value) -> Value {
    by.post(&market.shop.path("/coupon-gifts"), form).await.ok()
}

async fn next_coupon(line: &mut Line) -> CouponCard {
    let card = next_card(line).await.card.expect("a card");
    *card.coupon.expect("of a coupon")
}

/// A group of the shop with its owner and these customers.
pub async fn group(market: &Market, people: &[&Person]) -> ConversationId {
    let group = market.shop.group(&market.server, &market.shop.owner).await;
    for person in people {
        join(&market.server, group, person, 1).await;
    }
    group
}

/// CHAT-10, CPN-07: whoever may gives a coupon in a customer's conversation: the card arrives, it is in the wallet at once, there is one
/// fewer, and the record has it. The built-in agent may not (decision 3), and a second one is beyond the limit.
#[tokio::test]
async fn a_coupon_is_handed_over_in_the_chat() {
    let market = Market::with(1).await;
    let conversation = market.shop.consult(&market.server, &market.ann).await;
    let mut line = market.ann.connect(&market.server).await;
    let template = market
        .issues(but(ten_off(), json!({ "quantity": 3 })))
        .await;
    let form = json!({ "template_id": template, "conversation_id": conversation });
    let agent = market.shop.hire(&market.server, "agent").await;
    let path = market.shop.path("/coupon-gifts");
    let tried = market
        .server
        .rest()
        .by(&agent)
        .post(&path, form.clone())
        .await;
    assert_eq!(tried.refused(), "forbidden");

    let role = json!({ "name": "giver", "permissions": ["chat", "give_coupons"] });
    let roles = market.shop.path("/roles");
    market.boss().post(&roles, role).await.ok();
    let giver = market.shop.hire(&market.server, "giver").await;
    let givers = market.server.rest().by(&giver);
    let gift = gives(&market, &givers, form.clone()).await;
    let card = next_coupon(&mut line).await;
    assert_eq!(
        (json!(card.gift_id), card.left, card.value),
        (gift["id"].clone(), 0, 1_000)
    );
    assert_eq!(card.customer_id, market.ann.id.to_string());
    let wallet = market.pocket(&market.ann, "usable").await;
    assert_eq!((wallet.len(), &wallet[0]["source"]), (1, &json!("staff")));
    assert_eq!(market.report(&template).await["template"]["given"], 1);
    assert_eq!(
        givers.post(&path, form).await.refused(),
        "coupon_limit_reached"
    );
    let audit = market.boss().get(&market.shop.path("/audit")).await.ok();
    assert!(audit.to_string().contains("coupon.given"), "{audit}");
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-07: three coupons in a group: the card says how many are left, on everybody's screen; pressing twice gives the same; the fourth is
/// too late, an outsider sees nothing, and who was banned gets none.
#[tokio::test]
async fn three_coupons_in_a_group() {
    let market = Market::with(1).await;
    let mut people = vec![];
    for name in ["Bob", "Cleo", "Dan", "Eve"] {
        people.push(Person::customer(&market.server, name).await);
    }
    let group = group(&market, &people.iter().collect::<Vec<_>>()).await;
    let mut watcher = people[3].connect(&market.server).await;
    let template = market
        .issues(but(ten_off(), json!({ "quantity": 3 })))
        .await;
    let form = json!({ "template_id": template, "conversation_id": group, "pieces": 3 });
    let gift = gives(&market, &market.boss(), form).await;
    let gift_id = gift["id"].as_str().expect("an id");
    assert_eq!(next_coupon(&mut watcher).await.left, 3);
    assert_eq!(
        market.report(&template).await["template"]["state"],
        "sold_out"
    );

    let mut bob = people[0].connect(&market.server).await;
    let coupon = asked!(bob, ClaimCoupon { gift_id: gift_id.to_owned() } => Coupon);
    let again = asked!(bob, ClaimCoupon { gift_id: gift_id.to_owned() } => Coupon);
    assert_eq!(coupon, again);
    assert_eq!(next_coupon(&mut watcher).await.left, 2);
    let path = format!("/coupon-gifts/{gift_id}/claim");
    for who in &people[1..3] {
        market
            .server
            .rest()
            .by(who)
            .post(&path, json!({}))
            .await
            .ok();
    }
    let last = loop {
        let card = next_coupon(&mut watcher).await;
        if card.left == 0 {
            break card;
        }
    };
    assert_eq!(last.state(), GiftState::Gone);
    let late = refused!(
        watcher,
        ClaimCoupon {
            gift_id: gift_id.to_owned()
        }
    );
    assert_eq!(late, Refusal::CouponSoldOut);
    assert_eq!(
        market.customer().post(&path, json!({})).await.refused(),
        "not_found"
    );
    assert_eq!(
        market.pocket(&people[0], "usable").await[0]["source"],
        "gift"
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-07: at the gift's end what nobody claimed goes back to the template, exactly once; the card says that it is over, and who presses it
/// then is too late. Ending the template ends its gifts.
#[tokio::test]
async fn what_nobody_claims_goes_back_once() {
    let market = Market::with(1).await;
    let bob = market.bob().await;
    let group = group(&market, &[&market.ann, &bob]).await;
    let template = market
        .issues(but(ten_off(), json!({ "quantity": 5 })))
        .await;
    let form =
        json!({ "template_id": template, "conversation_id": group, "pieces": 5, "minutes": 60 });
    let gift = gives(&market, &market.boss(), form.clone()).await;
    let path = format!(
        "/coupon-gifts/{}/claim",
        gift["id"].as_str().expect("an id")
    );
    market.customer().post(&path, json!({})).await.ok();
    market.time_passes(1).await;
    let late = market.server.rest().by(&bob).post(&path, json!({})).await;
    assert_eq!(late.refused(), "coupon_not_now");
    let app = &market.server.server.app;
    let twice = Box::pin(async { tokio::join!(time_out::due(app), time_out::due(app)) });
    let (one, other) = market.server.in_turn("coupons_due", twice).await;
    one.and(other).expect("the schedule works");
    let report = market.report(&template).await;
    assert_eq!(
        (&report["template"]["given"], &report["template"]["state"]),
        (&json!(1), &json!("published"))
    );
    let page = format!("/conversations/{group}/messages");
    let messages = market.customer().get(&page).await.ok();
    let card = &messages["messages"][0]["card"]["coupon"];
    assert_eq!(
        (&card["state"], &card["left"]),
        (&json!("ended"), &json!(4))
    );

    let gift = gives(&market, &market.boss(), but(form, json!({ "pieces": 4 }))).await;
    let path = format!(
        "/coupon-gifts/{}/claim",
        gift["id"].as_str().expect("an id")
    );
    let end = market.templates(&format!("/{template}/end"));
    market.boss().post(&end, json!({})).await.ok();
    let late = market.server.rest().by(&bob).post(&path, json!({})).await;
    assert_eq!(late.refused(), "coupon_not_now");
    market.coupons_due().await;
    assert_eq!(market.report(&template).await["template"]["given"], 1);
    assert_eq!(market.differences().await, [""; 0]);
}
