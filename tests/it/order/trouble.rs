//! What customers who look for a hole, careless staff and bad days do to orders, and what they do not do to them.

use serde_json::{Value, json};

use super::{Market, id};
use crate::{aftersale::unsent, goods::level};

/// A basket of these lines of an order, as a customer sends it.
fn lines_of(order: &Value) -> Value {
    let lines = order["lines"].as_array().expect("lines").iter();
    let lines =
        lines.map(|line| json!({ "variant_id": line["variant_id"], "units": line["units"] }));
    json!({ "lines": lines.collect::<Vec<_>>() })
}

/// ORD-14, AFS-03: a part of an order was refunded; a wish for the same lines again, even approved in haste, does not bring back for nothing
/// what was paid back.
#[tokio::test]
async fn a_change_does_not_bring_back_what_was_refunded() {
    let market = Market::with(20).await;
    let order = market.several(&[10_000, 20_000]).await;
    let case = market.apply(&order, unsent(1, 1)).await.ok();
    let wish = json!({ "edit": { "basket": lines_of(&order) } });
    market.mine(&order, "changes", wish).await.ok();
    let approve = json!({ "approved": true });
    let hasty = market.staff(&order, "answer-change", approve.clone()).await;
    assert_eq!(hasty.refused(), "conflict");
    market.money_arrives(&case).await;
    let again = market.staff(&order, "answer-change", approve).await;
    assert_eq!(again.refused(), "conflict");
    let seen = market.seen(&order).await;
    assert_eq!(
        json!([
            seen["lines"][0]["refunded"],
            seen["lines"][0]["dropped"],
            seen["refunded"]
        ]),
        json!([1, 1, 10_000])
    );
    let reject = json!({ "approved": false, "answer": "已退款" });
    market.staff(&order, "answer-change", reject).await.ok();
    assert_eq!(market.differences().await, [""; 0]);
}

/// A chat order at these terms, at no cost, confirmed by the customer.
async fn gift(market: &Market, method: &str) -> Value {
    let opened = json!({ "shop_id": market.shop.id });
    let opened = market.customer().post("/conversations", opened).await.ok();
    let agreement = json!({
        "basket": { "lines": [{ "variant_id": market.thing, "units": 1 }] }, "delivery_method": method, "terms": "pay_first",
        "prices": [{ "variant_id": market.thing, "price": 0 }],
    });
    let form = json!({ "conversation_id": opened["id"], "agreement": agreement });
    let path = market.shop.path("/orders");
    let order = market.boss().post(&path, form).await.ok();
    let seen = json!({ "revision": order["revision"], "hash": order["hash"] });
    market.mine(&order, "confirm", seen).await.ok()
}

/// ORD-14, PAY-03: what was agreed at no cost is not changed into what costs something and goes on without being paid.
#[tokio::test]
async fn a_gift_does_not_become_what_has_its_price() {
    let market = Market::with(20).await;
    let order = gift(&market, "pickup").await;
    assert_eq!(order["state"], "pending_acceptance");
    let path = format!("/orders/{}", id(&order));
    let more = json!({ "basket": { "lines": [{ "variant_id": market.thing, "units": 10 }] } });
    let greedy = market.customer().patch(&path, more.clone()).await;
    assert_eq!(greedy.refused(), "conflict");
    market.accept(&order).await.ok();
    let wish = json!({ "edit": more });
    market.mine(&order, "changes", wish).await.ok();
    let approve = json!({ "approved": true });
    let hasty = market.staff(&order, "answer-change", approve).await;
    assert_eq!(hasty.refused(), "conflict");
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [20, 1, 19]
    );
    let ready = market.staff(&order, "get-ready", json!({})).await.ok();
    assert_eq!(ready["state"], "ready_for_pickup", "a gift is a gift");
}

/// PAY-01: nothing is owed for what costs nothing: that is a refusal, and no failure of ours.
#[tokio::test]
async fn nobody_pays_nothing() {
    let market = Market::with(20).await;
    let order = gift(&market, "express").await;
    let by_hand = json!({ "reference": "A" });
    let said = [
        market.mine(&order, "pay-in-sandbox", json!({})).await,
        market
            .mine(&order, "payments", json!({ "method": "sandbox" }))
            .await,
        market.staff(&order, "confirm-payment", by_hand).await,
    ];
    for said in said {
        assert_eq!(said.refused(), "order_state");
    }
}

/// Bad input: a price that nobody pays is refused; the shop's sums stay countable.
#[tokio::test]
async fn an_absurd_price_is_refused() {
    let market = Market::with(20).await;
    let opened = json!({ "shop_id": market.shop.id });
    let opened = market.customer().post("/conversations", opened).await.ok();
    for price in [9_000_000_000_000_000_000_i64, 10_000_000_000_001, i64::MAX] {
        let agreement = json!({
            "basket": { "lines": [{ "variant_id": market.thing, "units": 1 }] }, "delivery_method": "pickup",
            "prices": [{ "variant_id": market.thing, "price": price }], "terms": "pay_later",
        });
        let form = json!({ "conversation_id": opened["id"], "agreement": agreement });
        let said = market.boss().post(&market.shop.path("/orders"), form).await;
        assert_eq!(said.refused(), "invalid_argument", "{price}");
    }
}

/// AFS-03: a line that the order does not have is refused, and not passed over in silence.
#[tokio::test]
async fn a_line_that_is_none_is_refused() {
    let market = Market::with(20).await;
    let order = market.accepted(1).await;
    let lines = json!([{ "line": 1, "units": 1 }, { "line": 9, "units": 1 }]);
    let wish = json!({ "lines": lines, "reason": "x" });
    let said = market.apply(&order, wish).await;
    assert_eq!(said.refused(), "invalid_argument");
    let gift = json!({ "lines": lines, "sent": false, "reason": "x" });
    let said = market.staff(&order, "cases", gift).await;
    assert_eq!(said.refused(), "invalid_argument");
    assert_eq!(market.seen(&order).await["refunded"], 0);
}

/// STAFF-06, ORD-15: whoever sees a phone masked and gives the form back as it was shown changes what they changed, and no phone into stars.
#[tokio::test]
async fn stars_are_not_written_back() {
    let market = Market::with(20).await;
    let order = market.accepted(1).await;
    let role = json!({ "name": "packer", "permissions": ["manage_orders", "chat"] });
    let roles = market.shop.path("/roles");
    market.boss().post(&roles, role).await.ok();
    let packer = market.shop.hire(&market.server, "packer").await;
    let packer = market.server.rest().by(&packer);
    let path = market.shop.path(&format!("/orders/{}", id(&order)));
    let mut recipient = packer.get(&path).await.ok()["recipient"].clone();
    assert_eq!(recipient["phone"], "138******00");
    recipient["name"] = json!("李雷");
    let put = format!("{path}/recipient");
    let put = packer.put(&put, recipient.clone()).await.ok();
    assert_eq!(put["recipient"]["phone"], "138******00");
    let seen = market.seen(&order).await["recipient"].clone();
    assert_eq!(
        seen,
        json!({ "name": "李雷", "phone": "13800138000", "address": "上海市静安区南京西路1266号" })
    );
    let agreement = json!({
        "basket": lines_of(&order), "delivery_method": "express", "terms": "pay_first",
        "recipient": { "name": "李*", "phone": "138******00", "address": "上海市静安区******" },
    });
    let form = json!({ "conversation_id": order["conversation_id"], "agreement": agreement });
    let drafted = packer.post(&market.shop.path("/orders"), form).await.ok();
    let seen = market.seen(&drafted).await["recipient"].clone();
    assert_eq!(
        json!([seen["name"], seen["phone"]]),
        json!(["李雷", "13800138000"])
    );
}

/// PAY-02, reliability: one order on which the database chokes holds up none of the others.
#[tokio::test]
async fn one_bad_order_holds_up_no_other() {
    let market = Market::with(20).await;
    let bad = market.place(market.basket(1)).await.ok();
    let good = market.place(market.basket(1)).await.ok();
    let pool = market.server.server.app.store.pool();
    let choke = format!(
        "create function choke() returns trigger language plpgsql as $$ begin raise exception 'I choke on this'; end $$;
         create trigger choke before update on orders for each row when (new.id = '{}') execute function choke()",
        id(&bad)
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(choke))
        .execute(pool)
        .await
        .expect("a trigger");
    let hour = jiff::SignedDuration::from_hours(1);
    market.server.clock.advance(hour);
    let due = souk::order::time_out::due(&market.server.server.app);
    let said = market.server.in_turn("orders_due", due).await;
    assert!(said.is_err(), "it is told");
    let states: Vec<String> = sqlx::query_scalar("select state from orders order by id")
        .fetch_all(pool)
        .await
        .expect("orders");
    assert_eq!(states, ["pending_payment", "cancelled"]);
    assert_ne!(id(&bad), id(&good));
}

/// O4: somebody's first order ever is refused; put right, it is placed with the same key: what was laid ready for it is no part of it.
#[tokio::test]
async fn a_first_order_that_was_refused_may_use_its_key_again() {
    let market = Market::with(20).await;
    let path = market.shop.path("/checkout");
    let ann = market.customer();
    let first = ann.post_as("one", &path, market.basket(21)).await;
    assert_eq!(first.refused(), "out_of_stock");
    let second = ann.post_as("one", &path, market.basket(20)).await.ok();
    let again = ann.post_as("one", &path, market.basket(20)).await.ok();
    assert_eq!(second["id"], again["id"]);
    let other = ann.post_as("one", &path, market.basket(1)).await;
    assert_eq!(other.refused(), "idempotency_key_reused");
}

/// CHAT-08: a conversation that somebody has filled up makes no file that nobody can carry, and the file says that it is not whole.
#[tokio::test]
async fn evidence_is_of_a_bounded_size() {
    let market = Market::with(20).await;
    let order = market.place(market.basket(1)).await.ok();
    let path = format!("/orders/{}/evidence", id(&order));
    let file = market.customer().get(&path).await.ok();
    assert_eq!(file["evidence"]["whole"], true);
    let (pool, now) = (
        market.server.server.app.store.pool(),
        market.server.clock.now(),
    );
    for round in 0..4 {
        sqlx::query(
            "select append_messages(array_agg($1::uuid), array_agg($2::uuid), array_agg(n::text), array_agg(0::bigint), array_agg(repeat('茶', 8000)),
               array_agg(null::bytea), array_agg(null::bytea), $4)
             from generate_series($3::integer * 100, $3 * 100 + 99) n",
        )
        .bind(super::conversation(&order))
        .bind(market.ann.id)
        .bind(round)
        .bind(jiff_sqlx::Timestamp::from(now))
        .execute(pool)
        .await
        .expect("said");
    }
    let file = market.customer().get(&path).await.ok();
    assert_eq!(file["evidence"]["whole"], false);
    let length = file.to_string().len();
    assert!(length < 6 * 1_024 * 1_024, "{length}");
    souk::order::evidence::verify(file.to_string().as_bytes()).expect("it is signed");
}
