//! Paying out what is owed.

use futures_util::future::join_all;
use serde_json::json;

use super::{Treat, amount};
use crate::support::rest::Said;

/// Red packets: the shop sees what it owes to whom and says that it has paid it; the customer is told how much and how; of two who say so at once one is
/// right, more than is owed is refused, and the books balance.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_is_paid_once() {
    let treat = Treat::with(1_000).await;
    let club = &treat.club;
    let ann = club.member("Ann").await;
    let id = treat.sends(json!({ "total": 1_000, "shares": 1 })).await;
    assert_eq!(amount(&treat.takes(&ann, &id).await.ok()), 1_000);
    let boss = club.shop.boss(&club.server);
    let owed = boss.get(&club.shop.path("/customer-balances")).await.ok();
    assert_eq!(owed["customers"][0]["customer_id"], json!(ann.id));
    assert_eq!(owed["customers"][0]["amount"], 1_000);

    let path = club
        .shop
        .path(&format!("/customer-balances/{}/payouts", ann.id));
    let pays = async |amount: i64, note: &str| -> Said {
        let boss = club.shop.boss(&club.server);
        boss.post(&path, json!({ "amount": amount, "note": note }))
            .await
    };
    for (amount, note) in [(0, "x"), (-1, "x"), (1, ""), (1, "a\nb")] {
        assert_eq!(pays(amount, note).await.refused(), "invalid_argument");
    }
    assert_eq!(pays(1_001, "x").await.refused(), "balance_too_low");
    let both = join_all([pays(700, "微信转账"), pays(700, "现金")]).await;
    let done: Vec<_> = both.iter().filter(|said| said.status == 201).collect();
    assert_eq!((done.len(), &done[0].body["left"]), (1, &json!(300)));
    let told = "select count(*) from messages where text like '店铺已向您支付红包余额 7.00 元(%'";
    assert_eq!(treat.count(told).await, 1);
    let mine = treat.reads(&ann, "/balances").await.ok();
    assert_eq!(mine["balances"][0]["amount"], 300);
    let balances = treat.balances().await;
    assert_eq!(
        (&balances["customers"], &balances["paid_out"]),
        (&json!(300), &json!(700))
    );
    let operator = club.shop.hire(&club.server, "operator").await;
    let form = json!({ "amount": 1, "note": "x" });
    let tried = club.server.rest().by(&operator).post(&path, form).await;
    assert_eq!(tried.refused(), "forbidden");
    assert_eq!(club.differences().await, [""; 0]);
}
