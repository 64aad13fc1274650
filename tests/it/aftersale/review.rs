//! Requests for goods that were sent: staff decide.

use proto::push::Event;
use serde_json::json;

use super::{SEND_BACK, unsent, wish};
use crate::{goods::level, order::Market};

/// ALRT-02, AFS-01, AFS-05, AFS-06, ALRT-05: a request for goods that were sent has its kind, its reason and two pictures that staff can fetch, asks for
/// staff once, and waits in the list.
#[tokio::test]
async fn a_request_waits_with_its_pictures() {
    let market = Market::with(20).await;
    let order = market.sent(2).await;
    let missing = market.apply(&order, unsent(1, 1)).await;
    assert_eq!(
        (missing.refused(), &missing.body["field"]),
        ("invalid_argument", &json!("kind"))
    );
    let mut form = wish("return_and_refund", 1);
    form["pictures"] = market.pictures(&market.shop.owner, 1).await.into();
    assert_eq!(
        market.apply(&order, form.clone()).await.body["field"],
        "pictures",
        "somebody else's"
    );
    form["pictures"] = market.pictures(&market.ann, 2).await.into();
    let case = market.apply(&order, form.clone()).await.ok();
    assert_eq!(
        json!([
            case["state"],
            case["kind"],
            case["reason"],
            case["pictures"],
            case["amount"]
        ]),
        json!([
            "pending_review",
            "return_and_refund",
            "尺寸不合适",
            form["pictures"],
            15_900
        ])
    );
    assert_eq!(
        market.apply(&order, form.clone()).await.refused(),
        "conflict",
        "one open request a line"
    );
    for file in form["pictures"].as_array().unwrap() {
        let url = format!("/api/v1/files/{}", file.as_str().unwrap());
        let fetched = crate::support::TestServer::http()
            .get(market.server.url(&url))
            .bearer_auth(&market.shop.owner.token)
            .send();
        assert!(fetched.await.unwrap().status().is_success());
    }
    let alerts = market.alerts("after_sale").await;
    let text = format!(
        "售后申请提醒:订单号:{},客户:Ann,商品:thing×1,类型:退款退货,原因:尺寸不合适,金额:159 元",
        order["number"].as_str().unwrap()
    );
    assert_eq!(
        json!([
            alerts.len(),
            alerts[0]["text"],
            alerts[0]["case_id"],
            alerts[0]["order_id"]
        ]),
        json!([1, text, case["id"], order["id"]])
    );
    let path = market.shop.path("/cases?state=pending_review");
    let page = market.boss().get(&path).await.ok();
    assert_eq!(
        (&page["pending"], &page["cases"][0]["id"]),
        (&json!(1), &case["id"])
    );
    assert_eq!(market.seen(&order).await["refunded"], 0);
    assert_eq!(market.differences().await, [""; 0]);
}

/// AFS-07: a refund only that is approved is ordered at once; it never asks for the goods, and they stay where they are.
#[tokio::test]
async fn refund_only_goes_back_on_approval() {
    let market = Market::with(20).await;
    let order = market.sent(2).await;
    let case = market.apply(&order, wish("refund_only", 1)).await.ok();
    let approved = market.decide(&case, "approve", json!({})).await.ok();
    assert_eq!(
        json!([
            approved["state"],
            approved["amount"],
            approved["decided_by"],
            approved["may"]
        ]),
        json!(["refunding", 15_900, market.shop.owner.id, []])
    );
    assert_eq!(
        market.decide(&case, "approve", json!({})).await.refused(),
        "case_state"
    );
    market.money_arrives(&case).await;
    let said = market.said(&order).await;
    let count = |text: &str| said.iter().filter(|words| *words == text).count();
    assert_eq!(
        [
            count("售后申请已同意,退款金额:159 元"),
            count("退款成功,金额:159 元"),
            count(SEND_BACK)
        ],
        [1, 1, 0],
        "{said:?}"
    );
    assert_eq!(
        level(&market.server, &market.shop, market.thing).await,
        [18, 0, 18]
    );
    let seen = market.seen(&order).await;
    assert_eq!(
        (&seen["state"], &seen["payment_status"]),
        (&json!("shipped"), &json!("partially_refunded"))
    );
    market.mine(&order, "receive", json!({})).await.ok();
    assert_eq!(market.differences().await, [""; 0]);
}

/// A6, A14: rejected with a reason, or withdrawn, the line is free and can be asked for again.
#[tokio::test]
async fn what_is_rejected_or_withdrawn_can_be_asked_again() {
    let market = Market::with(20).await;
    let order = market.sent(1).await;
    let case = market.apply(&order, wish("refund_only", 1)).await.ok();
    let silent = json!({ "reason": " " });
    assert_eq!(
        market.decide(&case, "reject", silent).await.refused(),
        "invalid_argument"
    );
    let because = json!({ "reason": "已超出试用范围" });
    let rejected = market.decide(&case, "reject", because).await.ok();
    assert_eq!(
        (&rejected["state"], &rejected["answer"]),
        (&json!("rejected"), &json!("已超出试用范围"))
    );
    let said = market.said(&order).await;
    assert!(
        said.contains(&"售后申请未通过:已超出试用范围".to_owned()),
        "{said:?}"
    );
    let case = market.apply(&order, wish("exchange", 1)).await.ok();
    assert_eq!(case["amount"], 0);
    market.follow(&case, "withdraw", json!({})).await.ok();
    assert_eq!(
        market.decide(&case, "approve", json!({})).await.refused(),
        "case_state"
    );
    market.mine(&order, "receive", json!({})).await.ok();
    market.apply(&order, wish("refund_only", 1)).await.ok();
    assert_eq!(market.differences().await, [""; 0]);
}

/// AFS-02: not before the shop has taken the order, and until 15 days after it was completed, that moment included.
#[tokio::test]
async fn it_can_be_asked_for_until_fifteen_days_after() {
    let market = Market::with(20).await;
    let unpaid = market.place(market.basket(1)).await.ok();
    assert_eq!(
        market.apply(&unpaid, unsent(1, 1)).await.refused(),
        "order_state"
    );
    let order = market.sent(2).await;
    market.mine(&order, "receive", json!({})).await.ok();
    let second = jiff::SignedDuration::from_secs(1);
    market.time_passes(15 * 24 - 1).await;
    market.server.clock.advance(second * 3_599);
    let case = market.apply(&order, wish("refund_only", 1)).await.ok();
    market.decide(&case, "approve", json!({})).await.ok();
    let case = market.money_arrives(&case).await;
    assert_eq!(case["state"], "refunded");
    let seen = market.seen(&order).await;
    assert_eq!(
        (&seen["state"], &seen["payment_status"]),
        (&json!("completed"), &json!("partially_refunded"))
    );
    market.server.clock.advance(second * 2);
    let late = market.apply(&order, wish("refund_only", 1)).await;
    assert_eq!(
        (late.refused(), &late.body["field"]),
        ("order_state", &json!("completed_at"))
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// ALRT-05: staff see how many requests wait, as it changes: one more when somebody asks, one less when it is decided.
#[tokio::test]
async fn staff_see_how_many_requests_wait() {
    let market = Market::with(20).await;
    let order = market.sent(1).await;
    let mut boss = market.shop.owner.connect(&market.server).await;
    let mut until = async |wanted: u32| {
        loop {
            if let Event::WorkCounts(counts) = boss.client.next_push().await.unwrap()
                && counts.pending_cases == wanted
            {
                return;
            }
        }
    };
    let case = market.apply(&order, wish("refund_only", 1)).await.ok();
    until(1).await;
    let refused = market.decide(&case, "reject", json!({ "reason": "x" }));
    refused.await.ok();
    until(0).await;
}
