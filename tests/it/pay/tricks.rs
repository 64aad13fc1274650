//! Providers fail, lines break, and whoever sits on the way lies.

use souk::pay::{Closing, Doubt, Fault, Forged, RefundStanding, Standing};

use super::{BOTH, Scene, number, refund};
use crate::support::simulator::{Plays, Trick};

fn forged(status: u16, why: Forged) -> Fault {
    Fault::Unknown(Doubt::Forged { status, why })
}

fn doubt(doubt: Doubt) -> Fault {
    Fault::Unknown(doubt)
}

/// What each trick is, to whoever asked.
fn tricks(plays: Plays) -> Vec<(Trick, Fault)> {
    let both = [
        (Trick::Unsigned, forged(200, Forged::Unsigned)),
        (Trick::Forged, forged(200, Forged::WrongSignature)),
        (Trick::Altered, forged(200, Forged::WrongSignature)),
        (Trick::Strange, doubt(Doubt::Strange)),
        (Trick::Breaks, doubt(Doubt::Broken)),
        (Trick::Floods, doubt(Doubt::TooLong)),
        (Trick::TooOften, Fault::NotNow),
        (
            Trick::Refuses("SO_IT_IS"),
            Fault::Refused {
                code: "SO_IT_IS".into(),
            },
        ),
    ];
    let other = match plays {
        Plays::WechatPay => vec![
            (Trick::Stale, forged(200, Forged::Stale)),
            (Trick::UnknownKey, forged(200, Forged::UnknownKey)),
            (Trick::Redirects, forged(307, Forged::Unsigned)),
            (Trick::FailsOnTheWay, forged(502, Forged::Unsigned)),
            (Trick::Fails, doubt(Doubt::Failed("SYSTEM_ERROR".into()))),
        ],
        Plays::Alipay => vec![
            (Trick::Redirects, forged(307, Forged::Unreadable)),
            (Trick::FailsOnTheWay, forged(502, Forged::Unreadable)),
            (
                Trick::Fails,
                doubt(Doubt::Failed("ACQ.SYSTEM_ERROR".into())),
            ),
        ],
    };
    both.into_iter().chain(other).collect()
}

/// PAY-01: an answer that is not signed, or not whole, or to another question, is no answer; only a signed "no" is a "no".
#[tokio::test]
async fn only_a_signed_answer_is_an_answer() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        let Scene {
            simulator,
            provider,
            ..
        } = &scene;
        scene.paid("pay_0001", 100).await;
        for (trick, fault) in tricks(plays) {
            simulator.plays_tricks([trick.clone()]);
            let asked = provider.query(&number("pay_0001")).await;
            assert_eq!(asked, Err(fault), "{plays:?}: {trick:?}");
            let again = provider.query(&number("pay_0001")).await;
            assert!(
                matches!(again, Ok(Some(Standing::Paid(_)))),
                "{trick:?}: {again:?}"
            );
        }
        assert_eq!(simulator.complaints(), [""; 0]);
    }
}

/// PAY-01: charging and giving back are safe to repeat after each of them: what happened behind a lost answer happened once.
#[tokio::test]
async fn what_is_repeated_after_a_lost_answer_happens_once() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        let Scene {
            simulator,
            provider,
            ..
        } = &scene;
        for (place, (trick, fault)) in tricks(plays).into_iter().enumerate() {
            let (pay, back) = (format!("pay_{place:04}"), format!("back_{place:04}"));
            let charge = scene.charge(&pay, 300);
            simulator.plays_tricks([trick.clone()]);
            assert_eq!(
                provider.charge(&charge).await,
                Err(fault.clone()),
                "{plays:?}: {trick:?}"
            );
            provider.charge(&charge).await.expect("a code");
            assert!(simulator.pay(&pay));
            let asked = refund(&pay, &back, 100, 300);
            simulator.plays_tricks([trick.clone()]);
            assert_eq!(
                provider.refund(&asked).await,
                Err(fault),
                "{plays:?}: {trick:?}"
            );
            let again = provider.refund(&asked).await;
            assert!(
                matches!(again, Ok(RefundStanding::Succeeded { .. })),
                "{trick:?}: {again:?}"
            );
            assert_eq!(simulator.kept(&pay), 200, "{plays:?}: {trick:?}");
        }
    }
}

/// PAY-01: after a lost answer to "close", closing again says how it stands.
#[tokio::test]
async fn closing_is_repeated_after_a_lost_answer() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        let Scene {
            simulator,
            provider,
            ..
        } = &scene;
        let charge = scene.charge("pay_0001", 100);
        provider.charge(&charge).await.expect("a code");
        simulator.scan("pay_0001");
        simulator.plays_tricks([Trick::Unsigned]);
        let lost = provider.close(&charge.number).await;
        assert!(
            matches!(lost, Err(Fault::Unknown(_))),
            "{plays:?}: {lost:?}"
        );
        assert_eq!(provider.close(&charge.number).await, Ok(Closing::Closed));
    }
}

/// PAY-01: a provider that hangs is left after the time that the settings give it; what it did meanwhile is asked for.
#[tokio::test]
async fn a_provider_that_hangs_is_left() {
    for plays in BOTH {
        let scene = Scene::set(plays, |config| config.payment.call_ms = 1_500).await;
        let Scene {
            simulator,
            provider,
            ..
        } = &scene;
        scene.paid("pay_0001", 300).await;
        simulator.plays_tricks([Trick::Hangs]);
        let asked = refund("pay_0001", "back_0001", 100, 300);
        assert_eq!(
            provider.refund(&asked).await,
            Err(doubt(Doubt::Late)),
            "{plays:?}"
        );
        let found = provider
            .query_refund(&asked.number, &asked.refund_number)
            .await;
        assert!(
            matches!(found, Ok(Some(RefundStanding::Succeeded { .. }))),
            "{found:?}"
        );
    }
}

/// PAY-01: where nobody listens nothing has happened.
#[tokio::test]
async fn where_nobody_listens_nothing_has_happened() {
    for plays in BOTH {
        let scene = Scene::set(plays, |config| {
            config.wechat_pay.gateway_url = "http://127.0.0.1:9".into();
            config.alipay.gateway_url = "http://127.0.0.1:9/gateway.do".into();
        })
        .await;
        let charge = scene.charge("pay_0001", 100);
        assert_eq!(
            scene.provider.charge(&charge).await,
            Err(Fault::NotNow),
            "{plays:?}"
        );
    }
}
