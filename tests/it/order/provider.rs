//! Orders paid by a provider that misbehaves.

use serde_json::{Value, json};
use souk::{
    config::{Config, Networks},
    money::Money,
    pay::{Method, Number, RefundStanding, Refunded},
    payment::refund,
};

use super::{Market, id};
use crate::aftersale::unsent;
use crate::support::{
    TestServer, eventually,
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
    market_with(plays, |_| ()).await
}

async fn market_with(plays: Plays, change: impl FnOnce(&mut Config)) -> (Market, Simulator) {
    let simulator = Simulator::start(plays).await;
    let set = |config: &mut Config| {
        simulator.set(config);
        config.server.public_url = "https://souk.example".into();
        change(config);
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
        souk::order::hear::ask_after(app).await.unwrap();
        assert_eq!(
            market.seen(&order).await["state"],
            "pending_payment",
            "it is not asked at once"
        );
        let later = jiff::SignedDuration::from_mins(3);
        let asks = async {
            market.server.clock.advance(later);
            provider.plays_tricks([Trick::Unsigned]);
            souk::order::hear::ask_after(app).await
        };
        market.server.in_turn("charges", asks).await.unwrap();
        assert_eq!(
            market.seen(&order).await["state"],
            "pending_payment",
            "an unsigned answer is none"
        );
        market.server.clock.advance(later);
        let asks = souk::order::hear::ask_after(app);
        market.server.in_turn("charges", asks).await.unwrap();
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

/// An order that somebody has paid by the provider, and the provider's number.
async fn paid(market: &Market, provider: &Simulator, plays: Plays) -> (Value, String) {
    let (order, number) = charged(market, plays).await;
    provider.scan(&number);
    assert!(provider.pay(&number));
    let honest = provider.letter(&number, Lie::Honest);
    assert!(tell(market, plays, &honest).await < 300);
    (order, number)
}

/// A12: a merchant whose account is empty gives money back when it is filled again, however late; staff who see the money hear of it once,
/// though the fact is read twice.
#[tokio::test]
async fn a_refund_that_is_stuck_is_tried_on() {
    let (market, provider) = market(Plays::WechatPay).await;
    let (order, number) = paid(&market, &provider, Plays::WechatPay).await;
    market.accept(&order).await.ok();
    provider.plays_tricks((0..40).map(|_| Trick::Refuses("NOT_ENOUGH")));
    let case = market.apply(&order, unsent(1, 1)).await.ok();
    let mut states = vec![];
    for _ in 0..60 {
        market.time_passes(12).await;
        states.push(state(&market).await);
        if states.last().is_some_and(|state| state == "succeeded") {
            break;
        }
    }
    assert!(states.contains(&"stuck".to_owned()), "{states:?}");
    eventually(async || market.case(&case).await["state"] == "refunded").await;
    assert_eq!(provider.kept(&number), 0);
    let pool = market.server.server.app.store.pool();
    sqlx::query("update facts set done_at = null where kind = 'refund_stuck'")
        .execute(pool)
        .await
        .unwrap();
    eventually(async || {
        let left = "select count(*) from facts where done_at is null";
        let left: i64 = sqlx::query_scalar(left).fetch_one(pool).await.unwrap();
        left == 0
    })
    .await;
    let alerts = market.alerts("after_sale").await;
    let stuck = alerts.iter().filter(|alert| {
        let text = alert["text"].as_str().unwrap();
        text.starts_with("退款多次失败")
    });
    assert_eq!(stuck.count(), 1, "{alerts:?}");
    let agent = market.shop.hire(&market.server, "operator").await;
    let path = market.shop.path("/alerts");
    let agents = market.server.rest().by(&agent).get(&path).await.ok();
    assert!(
        !agents.to_string().contains("退款多次失败"),
        "it is for those who see the money"
    );
    assert_eq!(market.differences().await, [""; 0]);
}

async fn state(market: &Market) -> String {
    sqlx::query_scalar("select state from refunds")
        .fetch_one(market.server.server.app.store.pool())
        .await
        .unwrap()
}

/// PAY-01, A11: what a provider tells of a refund that does not fit it (another amount, payment or provider) gives nobody their money back.
#[tokio::test]
async fn a_refund_is_believed_when_it_fits() {
    let (market, provider) = market(Plays::WechatPay).await;
    let (order, number) = paid(&market, &provider, Plays::WechatPay).await;
    provider.plays_tricks((0..5).map(|_| Trick::Fails));
    market.mine(&order, "cancel", json!({})).await.ok();
    let app = &market.server.server.app;
    let id: uuid::Uuid = sqlx::query_scalar("select id from refunds")
        .fetch_one(app.store.pool())
        .await
        .unwrap();
    let parsed = |text: &str| Number::parse(text).unwrap();
    let honest = Refunded {
        number: parsed(&number),
        refund_number: parsed(&id.simple().to_string()),
        amount: Some(Money::minor(15_900)),
        standing: RefundStanding::Succeeded {
            at: app.clock.now(),
        },
    };
    let other = uuid::Uuid::new_v4().simple().to_string();
    let lies = [
        (Method::Alipay, honest.clone()),
        (
            Method::WechatPay,
            Refunded {
                amount: Some(Money::minor(1)),
                ..honest.clone()
            },
        ),
        (
            Method::WechatPay,
            Refunded {
                number: parsed(&other),
                ..honest.clone()
            },
        ),
    ];
    for (by, lie) in lies {
        assert!(refund::told(app, by, &lie).await.is_err(), "{lie:?}");
        assert_eq!(state(&market).await, "due");
    }
    let told = refund::told(app, Method::WechatPay, &honest).await;
    told.unwrap();
    assert_eq!(state(&market).await, "succeeded");
    assert_eq!(market.differences().await, [""; 0]);
}

/// O5: what is paid by hand, or costs another sum by now, is not to be paid at the provider any more.
#[tokio::test]
async fn a_charge_that_nobody_owes_is_closed() {
    let (market, provider) = market(Plays::WechatPay).await;
    let (paid, by_hand) = charged(&market, Plays::WechatPay).await;
    let (edited, too_little) = charged(&market, Plays::WechatPay).await;
    let reference = json!({ "reference": "A" });
    market.staff(&paid, "confirm-payment", reference).await.ok();
    let more = json!({ "basket": market.basket(2)["basket"] });
    let path = format!("/orders/{}", super::id(&edited));
    market.customer().patch(&path, more).await.ok();
    let minutes = jiff::SignedDuration::from_mins(3);
    market.server.clock.advance(minutes);
    let asks = souk::order::hear::ask_after(&market.server.server.app);
    market.server.in_turn("charges", asks).await.unwrap();
    eventually(async || !provider.pay(&by_hand) && !provider.pay(&too_little)).await;
    assert_eq!(market.seen(&edited).await["state"], "pending_payment");
    assert_eq!(market.seen(&paid).await["extra"], 0);
}

/// PAY-01, flash sales: a provider may tell as fast as it has news; forged ones are as slow as strangers.
#[tokio::test]
async fn a_provider_is_no_stranger() {
    let slow = |config: &mut Config| {
        config.limits.exempt_networks = Networks::default();
        config.limits.stranger_requests_per_second = 1;
    };
    let plays = Plays::WechatPay;
    let (market, provider) = market_with(plays, slow).await;
    let (order, number) = charged(&market, plays).await;
    assert!(provider.pay(&number));
    let honest = provider.letter(&number, Lie::Honest);
    for _ in 0..15 {
        assert_eq!(tell(&market, plays, &honest).await, 204);
    }
    assert_eq!(market.seen(&order).await["state"], "pending_acceptance");
    let forged = provider.letter(&number, Lie::Signature);
    let mut said = vec![];
    for _ in 0..15 {
        said.push(tell(&market, plays, &forged).await);
    }
    assert_eq!(said[0], 401);
    assert!(said.contains(&429), "{said:?}");
}

/// Reliability: a provider that does not answer holds up nothing else that is due: unpaid orders end in time.
#[tokio::test]
async fn a_provider_that_hangs_holds_up_no_other_work() {
    let patient = |config: &mut Config| config.payment.call_ms = 30_000;
    let (market, provider) = market_with(Plays::WechatPay, patient).await;
    let (order, _) = paid(&market, &provider, Plays::WechatPay).await;
    let unpaid = market.place(market.basket(1)).await.ok();
    provider.plays_tricks([Trick::Hangs]);
    market.mine(&order, "cancel", json!({})).await.ok();
    let second = jiff::SignedDuration::from_secs(5);
    market.server.clock.advance(second);
    eventually(async || {
        let calls = provider.calls();
        calls.iter().any(|call| call.ends_with("/refunds"))
    })
    .await;
    let hour = jiff::SignedDuration::from_hours(1);
    market.server.clock.advance(hour);
    let number = uuid::Uuid::parse_str(super::id(&unpaid)).unwrap();
    eventually(async || {
        let state: String = sqlx::query_scalar("select state from orders where id = $1")
            .bind(number)
            .fetch_one(market.server.server.app.store.pool())
            .await
            .unwrap();
        state == "cancelled"
    })
    .await;
}

/// PAY-01: the provider was out of reach when the customer asked for the code: the same request, with the same key, gets it a moment later.
#[tokio::test]
async fn a_code_that_could_not_be_had_is_asked_for_again() {
    let plays = Plays::WechatPay;
    let (market, provider) = market(plays).await;
    let order = market.place(market.basket(1)).await.ok();
    let path = format!("/orders/{}/payments", super::id(&order));
    let wanted = json!({ "method": word(plays) });
    provider.plays_tricks([Trick::FailsOnTheWay]);
    let ann = market.customer();
    let first = ann.post_as("one", &path, wanted.clone()).await;
    assert_eq!(first.refused(), "outcome_unknown");
    let second = ann.post_as("one", &path, wanted).await.ok();
    assert!(!second["code"].as_str().unwrap().is_empty());
    let charges: i64 = sqlx::query_scalar("select count(*) from charges")
        .fetch_one(market.server.server.app.store.pool())
        .await
        .unwrap();
    assert_eq!(charges, 1);
}
