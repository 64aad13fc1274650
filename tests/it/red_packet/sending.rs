//! Sending one.

use serde_json::json;

use super::Treat;

/// Red packets: what is sent leaves the balance and lies in the group as a card with a commitment, and nobody sees a share or the seed; the record has
/// it, webhooks hear of it, the books balance.
#[tokio::test]
async fn what_is_sent_leaves_the_balance() {
    let treat = Treat::with(1_500).await;
    let ann = treat.club.member("Ann").await;
    let mut line = ann.connect(&treat.club.server).await;
    let sent = treat.tries(json!({ "greeting": "周末快乐" })).await.ok();
    assert!(
        sent["seed"].is_null() && sent.get("sealed_seed").is_none(),
        "{sent}"
    );
    assert_eq!(
        (&sent["state"], &sent["taken"]),
        (&json!("open"), &json!(0))
    );

    let card = crate::order::next_card(&mut line)
        .await
        .card
        .expect("a card");
    assert_eq!(card.summary, "红包 · 周末快乐");
    let card = card.red_packet.expect("of a red packet");
    assert_eq!((card.total, card.shares, card.taken), (1_000, 10, 0));
    assert_eq!((card.commitment.len(), &card.seed[..]), (64, ""));
    assert_eq!(json!(card.commitment), sent["commitment"]);

    let balances = treat.balances().await;
    assert_eq!(
        (&balances["balance"], &balances["packets"]),
        (&json!(500), &json!(1_000))
    );
    let short = treat.tries(json!({})).await;
    assert_eq!(short.refused(), "balance_too_low");
    let moved = "select count(*) from facts where kind = 'red_packet_moved' and payload ->> 'deed' = 'send'";
    assert_eq!(treat.count(moved).await, 1);
    let recorded = "select count(*) from audit_entries where action = 'red_packet.sent'";
    assert_eq!(treat.count(recorded).await, 1);
    assert_eq!(treat.club.differences().await, [""; 0]);
}

/// Red packets: whatever is beyond a bound is refused before anything is sent, and nothing leaves the balance.
#[tokio::test]
async fn bad_forms_are_refused() {
    let treat = Treat::with(100_000_000).await;
    for wrong in [
        json!({ "shares": 0 }),
        json!({ "shares": 501, "total": 1_000 }),
        json!({ "shares": 10, "total": 9 }),
        json!({ "total": 0 }),
        json!({ "total": -1 }),
        json!({ "total": 20_000_001 }),
        json!({ "total": 9_223_372_036_854_775_807_i64 }),
        json!({ "minutes": 0 }),
        json!({ "minutes": 1_441 }),
        json!({ "kind": "unspecified" }),
        json!({ "kind": "generous" }),
        json!({ "greeting": "" }),
        json!({ "greeting": "福".repeat(61) }),
        json!({ "greeting": "a\u{0}b" }),
        json!({ "seed": "00" }),
        json!({ "total": 10.5 }),
    ] {
        let tried = treat.tries(wrong.clone()).await;
        assert!(matches!(tried.status, 400 | 422), "{wrong}: {tried:?}");
    }
    let elsewhere = souk::id::ConversationId::new();
    let nowhere = treat.tries(json!({ "conversation_id": elsewhere })).await;
    assert_eq!(nowhere.refused(), "not_found");
    assert_eq!(treat.balances().await["packets"], 0);
    let whole = json!({ "total": 20_000_000, "shares": 500, "minutes": 1 });
    treat.tries(whole).await.ok();
    treat
        .tries(json!({ "total": 1, "shares": 1, "kind": "equal" }))
        .await
        .ok();
    assert_eq!(treat.club.differences().await, [""; 0]);
}

/// Red packets: who sends them holds the right to campaigns and is in the group; twenty may be open there.
#[tokio::test]
async fn who_sends_and_how_many() {
    let treat = Treat::with(1_000).await;
    let (club, path) = (&treat.club, treat.club.shop.path("/red-packets"));
    let rest = club.server.rest();
    let agent = club.shop.hire(&club.server, "agent").await;
    let tried = rest.by(&agent).post(&path, treat.form(json!({}))).await;
    assert_eq!(tried.refused(), "forbidden");
    let operator = club.shop.hire(&club.server, "operator").await;
    let tried = rest.by(&operator).post(&path, treat.form(json!({}))).await;
    assert_eq!(tried.refused(), "not_a_member");
    for _ in 0..20 {
        treat.sends(json!({ "total": 1, "shares": 1 })).await;
    }
    let more = treat.tries(json!({ "total": 1, "shares": 1 })).await;
    assert_eq!(more.refused(), "quota_exceeded");
    let mine = club
        .shop
        .boss(&club.server)
        .get(&format!("{path}?limit=7"))
        .await;
    let mine = mine.ok();
    assert_eq!(mine["red_packets"].as_array().map(Vec::len), Some(7));
    assert_ne!(mine["next_cursor"], "");
}
