//! Orders paid by a provider that misbehaves.

use serde_json::{Value, json};
use souk::config::Config;

use super::{Market, id};
use crate::support::{
    TestServer,
    simulator::{Lie, Outcome, Plays, Simulator, Trick},
};

const BOTH: [Plays; 2] = [Plays::WechatPay, Plays::Alipay];

fn word(plays: Plays) -> &'static str {
    match plays {
        Plays::WechatPay => "wechat_pay",
        Plays::Alipay => "alipay",
    }
}

async fn market(plays: Plays) -> (Market, Simulator) {
    let simulator = Simulator::start(plays).await;
    let set = |config: &mut Config| {
        simulator.set(config);
        config.server.public_url = "https://souk.example".into();
    };
    let server = TestServer::with(set).await;
    simulator.follows(&server.clock);
    (Market::on(server, 20).await, simulator)
}

/// Orders one and asks for its code; gives the order and the provider's number.
async fn charged(market: &Market, plays: Plays) -> (Value, String) {
    let order = market.place(market.basket(1)).await.ok();
    let payment = market
        .mine(&order, "payments", json!({ "method": word(plays) }))
        .await
        .ok();
    assert_eq!(payment["amount"], 15_900);
    assert!(!payment["code"].as_str().unwrap().is_empty());
    let charge: uuid::Uuid = sqlx::query_scalar("select id from charges where order_id = $1::uuid")
        .bind(uuid::Uuid::parse_str(id(&order)).unwrap())
        .fetch_one(market.server.server.app.store.pool())
        .await
        .unwrap();
    (order, charge.simple().to_string())
}

/// Hands a notice to the server as the provider would; gives the status.
async fn tell(market: &Market, plays: Plays, letter: &crate::support::simulator::Letter) -> u16 {
    let url = market
        .server
        .url(&format!("/api/v1/payments/{}/notices", word(plays)));
    let mut request = TestServer::http().post(url).body(letter.body.clone());
    for (name, value) in &letter.headers {
        request = request.header(name, value);
    }
    request.send().await.unwrap().status().as_u16()
}

/// PAY-01, O5: a signed notice pays the order once, however often it comes and in whatever company; a forged one changes nothing.
#[tokio::test]
async fn a_signed_notice_pays_an_order_once() {
    for plays in BOTH {
        let (market, provider) = market(plays).await;
        let (order, number) = charged(&market, plays).await;
        let again = market
            .mine(&order, "payments", json!({ "method": word(plays) }))
            .await
            .ok();
        assert!(
            again["code"].as_str().unwrap().len() > 5,
            "the same charge again"
        );
        if plays == Plays::Alipay {
            provider.scan(&number);
        }
        assert!(provider.pay(&number));
        for lie in [Lie::Signature, Lie::Altered, Lie::Unsigned] {
            tell(&market, plays, &provider.letter(&number, lie)).await;
            assert_eq!(
                market.seen(&order).await["state"],
                "pending_payment",
                "{lie:?}"
            );
        }
        let letter = provider.letter(&number, Lie::Honest);
        let (one, other) =
            tokio::join!(tell(&market, plays, &letter), tell(&market, plays, &letter));
        assert!(one < 300 && other < 300, "{one} {other}");
        tell(&market, plays, &letter).await;
        let seen = market.seen(&order).await;
        assert_eq!(
            (&seen["state"], &seen["payment_method"], &seen["extra"]),
            (&json!("pending_acceptance"), &json!(word(plays)), &json!(0))
        );
        assert_eq!(market.deeds(&order).await, ["place", "pay"]);
        assert_eq!(market.differences().await, [""; 0]);
        assert_eq!(provider.complaints(), [""; 0]);
    }
}

/// PAY-01: the notice is lost: the provider is asked, and the order is paid all the same.
#[tokio::test]
async fn a_lost_notice_is_asked_for() {
    for plays in BOTH {
        let (market, provider) = market(plays).await;
        let (order, number) = charged(&market, plays).await;
        provider.scan(&number);
        assert!(provider.pay(&number));
        let app = &market.server.server.app;
        souk::order::pay::ask_after(app).await.unwrap();
        assert_eq!(
            market.seen(&order).await["state"],
            "pending_payment",
            "it is not asked at once"
        );
        market
            .server
            .clock
            .advance(jiff::SignedDuration::from_mins(3));
        provider.plays_tricks([Trick::Unsigned]);
        souk::order::pay::ask_after(app).await.unwrap();
        assert_eq!(
            market.seen(&order).await["state"],
            "pending_payment",
            "an unsigned answer is none"
        );
        market
            .server
            .clock
            .advance(jiff::SignedDuration::from_mins(3));
        souk::order::pay::ask_after(app).await.unwrap();
        assert_eq!(market.seen(&order).await["state"], "pending_acceptance");
        assert_eq!(market.differences().await, [""; 0]);
    }
}

/// ORD-11, reliability: a cancelled order's money goes back once, through outages, under one number.
#[tokio::test]
async fn a_refund_is_tried_until_it_is_done() {
    for plays in BOTH {
        let (market, provider) = market(plays).await;
        let (order, number) = charged(&market, plays).await;
        provider.scan(&number);
        assert!(provider.pay(&number));
        tell(&market, plays, &provider.letter(&number, Lie::Honest)).await;
        provider.refunds_become([Outcome::Succeeded]);
        provider.plays_tricks([Trick::FailsOnTheWay, Trick::Breaks]);
        market
            .mine(&order, "cancel", json!({ "reason": "不要了" }))
            .await
            .ok();
        for _ in 0..4 {
            market.on_time().await;
            market
                .server
                .clock
                .advance(jiff::SignedDuration::from_mins(20));
        }
        assert_eq!(provider.kept(&number), 0, "all of it went back");
        let (state, attempts): (String, i32) =
            sqlx::query_as("select state, attempts from refunds")
                .fetch_one(market.server.server.app.store.pool())
                .await
                .unwrap();
        assert_eq!(state, "succeeded");
        assert!(attempts > 1, "{attempts}");
        assert_eq!(market.differences().await, [""; 0]);
    }
}
