//! Money is given back, once.

use souk::pay::{Fault, RefundStanding};

use super::{BOTH, Scene, number, refund};
use crate::support::simulator::{Outcome, Plays};

fn succeeded(said: &Result<RefundStanding, Fault>) -> bool {
    matches!(said, Ok(RefundStanding::Succeeded { .. }))
}

/// PAY-01: parts are given back under numbers of their own, and a number that is repeated gives back nothing more.
#[tokio::test]
async fn a_number_gives_back_once() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        let Scene {
            simulator,
            provider,
            ..
        } = &scene;
        scene.paid("pay_0001", 15_901).await;
        for _ in 0..3 {
            let said = provider
                .refund(&refund("pay_0001", "back_0001", 5_900, 15_901))
                .await;
            assert!(succeeded(&said), "{plays:?}: {said:?}");
        }
        assert_eq!(simulator.kept("pay_0001"), 10_001);
        let other = provider
            .refund(&refund("pay_0001", "back_0001", 5_901, 15_901))
            .await;
        assert!(matches!(other, Err(Fault::Refused { .. })), "{other:?}");
        let said = provider
            .refund(&refund("pay_0001", "back_0002", 10_001, 15_901))
            .await;
        assert!(succeeded(&said), "{said:?}");
        assert_eq!(simulator.kept("pay_0001"), 0);
        let more = provider
            .refund(&refund("pay_0001", "back_0003", 1, 15_901))
            .await;
        assert!(matches!(more, Err(Fault::Refused { .. })), "{more:?}");
        assert_eq!(simulator.complaints(), [""; 0]);
    }
}

/// PAY-01: one that is under way is asked for until it is done.
#[tokio::test]
async fn a_refund_is_asked_for() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        let Scene {
            simulator,
            provider,
            ..
        } = &scene;
        scene.paid("pay_0001", 300).await;
        let (pay, back) = (number("pay_0001"), number("back_0001"));
        assert_eq!(provider.query_refund(&pay, &back).await, Ok(None));
        simulator.refunds_become([Outcome::Processing]);
        let asked = refund("pay_0001", "back_0001", 100, 300);
        assert_eq!(
            provider.refund(&asked).await,
            Ok(RefundStanding::Processing)
        );
        assert_eq!(
            provider.refund(&asked).await,
            Ok(RefundStanding::Processing)
        );
        let meanwhile = (plays == Plays::WechatPay).then_some(RefundStanding::Processing);
        assert_eq!(
            provider.query_refund(&pay, &back).await,
            Ok(meanwhile),
            "{plays:?}"
        );
        simulator.settle("back_0001", Outcome::Succeeded);
        let done = provider.query_refund(&pay, &back).await;
        assert!(
            matches!(done, Ok(Some(RefundStanding::Succeeded { .. }))),
            "{done:?}"
        );
        assert!(succeeded(&provider.refund(&asked).await));
        assert_eq!(simulator.kept("pay_0001"), 200);
    }
}

/// PAY-01: one that fails says so; one that nobody can be handed stays with staff, and may succeed yet.
#[tokio::test]
async fn refunds_fail_and_get_stuck() {
    let scene = Scene::with(Plays::WechatPay).await;
    let Scene {
        simulator,
        provider,
        ..
    } = &scene;
    scene.paid("pay_0001", 300).await;
    simulator.refunds_become([Outcome::Failed, Outcome::Stuck]);
    let failed = provider
        .refund(&refund("pay_0001", "back_0001", 100, 300))
        .await;
    let reason = "CLOSED".to_owned();
    assert_eq!(failed, Ok(RefundStanding::Failed { reason }));
    let stuck = provider
        .refund(&refund("pay_0001", "back_0002", 100, 300))
        .await;
    assert_eq!(stuck, Ok(RefundStanding::Stuck));
    simulator.settle("back_0002", Outcome::Succeeded);
    let asked = provider
        .query_refund(&number("pay_0001"), &number("back_0002"))
        .await;
    assert!(
        matches!(asked, Ok(Some(RefundStanding::Succeeded { .. }))),
        "{asked:?}"
    );
}

/// PAY-01: what was never paid is not given back.
#[tokio::test]
async fn what_was_not_paid_is_not_given_back() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        let charge = scene.charge("pay_0001", 100);
        scene.provider.charge(&charge).await.expect("a code");
        for name in ["pay_0001", "pay_0009"] {
            let said = scene
                .provider
                .refund(&refund(name, "back_0001", 100, 100))
                .await;
            assert!(
                matches!(said, Err(Fault::Refused { .. })),
                "{name}: {said:?}"
            );
        }
    }
}
