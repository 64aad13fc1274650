//! Money is asked for, and it is asked how it stands.

use jiff::tz;
use souk::{
    money::{Currency, Money},
    pay::{Closing, Fault, Payable, Standing},
};

use super::{BOTH, Scene, number, whole_seconds};
use crate::support::simulator::Plays;

/// PAY-01: a code to scan; who asks before a notice came, hears how it stands; all that we say is signed.
#[tokio::test]
async fn a_charge_is_paid_and_asked_for() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        let Scene {
            simulator,
            provider,
            clock,
        } = &scene;
        let charge = scene.charge("pay_0001", 15_901);
        let code = match plays {
            Plays::WechatPay => ("weixin://wxpay/bizpayurl?pr=pay_0001", false),
            Plays::Alipay => ("https://qr.alipay.com/pay_0001", true),
        };
        let (text, opens) = (code.0.to_owned(), code.1);
        assert_eq!(
            provider.charge(&charge).await,
            Ok(Payable::Code { text, opens })
        );
        let before = match plays {
            Plays::WechatPay => Some(Standing::Waiting),
            Plays::Alipay => None,
        };
        assert_eq!(
            provider.query(&charge.number).await,
            Ok(before),
            "{plays:?}"
        );
        simulator.scan("pay_0001");
        assert_eq!(
            provider.query(&charge.number).await,
            Ok(Some(Standing::Waiting))
        );
        assert!(simulator.pay("pay_0001"));
        let Ok(Some(Standing::Paid(paid))) = provider.query(&charge.number).await else {
            panic!("{plays:?}: it is paid");
        };
        assert_eq!((&paid.number, paid.amount), (&charge.number, charge.amount));
        assert!(!paid.transaction_id.is_empty());
        assert!((whole_seconds(clock.now()).as_second() - paid.paid_at.as_second()).abs() < 20);
        let civil = tz::offset(8).to_datetime(charge.expires_at);
        let told = simulator.expires_at("pay_0001");
        assert_eq!(told[..10], civil.date().to_string());
        assert!(
            told.contains(&civil.time().strftime("%H:%M:%S").to_string()),
            "{told}"
        );
        assert_eq!(simulator.complaints(), [""; 0]);
    }
}

/// PAY-01: asking twice is one charge; another amount under its number is refused, and the first stands.
#[tokio::test]
async fn a_charge_made_twice_is_one() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        let charge = scene.charge("pay_0001", 100);
        for _ in 0..2 {
            scene.provider.charge(&charge).await.expect("a code");
        }
        let more = scene.charge("pay_0001", 101);
        let said = scene.provider.charge(&more).await;
        assert!(matches!(said, Err(Fault::Refused { .. })), "{said:?}");
        assert!(scene.simulator.pay("pay_0001"));
        assert!(!scene.simulator.pay("pay_0001"), "it is paid once");
        assert_eq!(scene.simulator.kept("pay_0001"), 100);
        let said = scene.provider.charge(&charge).await;
        assert!(matches!(said, Err(Fault::Refused { .. })), "{said:?}");
    }
}

/// PAY-01: what is closed cannot be paid, and what was paid first is not closed.
#[tokio::test]
async fn a_closed_charge_is_paid_by_nobody() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        let Scene {
            simulator,
            provider,
            ..
        } = &scene;
        for name in ["pay_0001", "pay_0002", "pay_0003"] {
            let charge = scene.charge(name, 100);
            provider.charge(&charge).await.expect("a code");
        }
        simulator.scan("pay_0001");
        for _ in 0..2 {
            assert_eq!(
                provider.close(&number("pay_0001")).await,
                Ok(Closing::Closed)
            );
        }
        assert!(!simulator.pay("pay_0001"));
        let standing = provider.query(&number("pay_0001")).await;
        assert_eq!(standing, Ok(Some(Standing::Closed)));
        assert!(simulator.pay("pay_0002"));
        assert_eq!(provider.close(&number("pay_0002")).await, Ok(Closing::Paid));
        let unseen = match plays {
            Plays::WechatPay => Closing::Closed,
            Plays::Alipay => Closing::NotThere,
        };
        assert_eq!(provider.close(&number("pay_0003")).await, Ok(unseen));
        assert!(!simulator.pay("pay_0003"));
        assert_eq!(
            provider.close(&number("pay_0009")).await,
            Ok(Closing::NotThere)
        );
        assert_eq!(provider.query(&number("pay_0009")).await, Ok(None));
    }
}

/// PAY-01: what no provider takes is not even asked.
#[tokio::test]
async fn other_currencies_are_not_asked_for() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        let mut charge = scene.charge("pay_0001", 100);
        charge.currency = Currency::parse("USD").expect("a currency");
        let said = scene.provider.charge(&charge).await;
        assert!(matches!(said, Err(Fault::Unfit(_))), "{said:?}");
        charge.amount = Money::ZERO;
        let said = scene.provider.charge(&charge).await;
        assert!(matches!(said, Err(Fault::Unfit(_))), "{said:?}");
        assert_eq!(scene.simulator.calls(), [""; 0]);
    }
}
