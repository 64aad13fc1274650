//! Providers tell by themselves, and so does whoever likes.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use jiff::SignedDuration;
use proptest::prelude::*;
use souk::{
    money::Money,
    pay::{Forged, Heard, Notice, Paid, Provider, RefundStanding, Refunded, Standing},
};
use tokio::net::TcpListener;

use super::{BOTH, Scene, number, refund, yuan};
use crate::support::simulator::{Letter, Lie, Outcome, Plays};

fn read(provider: &Provider, letter: &Letter) -> Result<Notice, Forged> {
    provider.notice(&letter.headers, letter.body.as_bytes())
}

/// PAY-01: an honest notice says what was paid, as asking does.
#[tokio::test]
async fn a_notice_says_what_asking_says() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        scene.paid("pay_0001", 15_900).await;
        let Ok(Some(Standing::Paid(asked))) = scene.provider.query(&number("pay_0001")).await
        else {
            panic!("{plays:?}: it is paid");
        };
        let letter = scene.simulator.letter("pay_0001", Lie::Honest);
        assert_eq!(
            read(&scene.provider, &letter),
            Ok(Notice::Paid(asked.clone()))
        );
        assert_eq!(
            (asked.amount, asked.currency),
            (Money::minor(15_900), yuan())
        );
    }
}

/// PAY-01: whatever is wrong with a notice, it is not believed.
#[tokio::test]
async fn a_forged_notice_is_refused() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        scene.paid("pay_0001", 100).await;
        let mut lies = vec![
            (Lie::Signature, Forged::WrongSignature),
            (Lie::Altered, Forged::WrongSignature),
            (Lie::Unsigned, Forged::Unsigned),
            (Lie::Stale, Forged::Stale),
            (Lie::Early, Forged::Stale),
            (Lie::App, Forged::NotOurs),
            (Lie::Merchant, Forged::NotOurs),
        ];
        if plays == Plays::WechatPay {
            lies.extend([
                (Lie::Probe, Forged::Probe),
                (Lie::UnknownKey, Forged::UnknownKey),
                (Lie::Sealed, Forged::Sealed),
            ]);
        }
        for (lie, why) in lies {
            let letter = scene.simulator.letter("pay_0001", lie);
            assert_eq!(
                read(&scene.provider, &letter),
                Err(why),
                "{plays:?} {lie:?}"
            );
        }
        let letter = scene.simulator.letter("pay_0001", Lie::Honest);
        let long = letter.body.clone() + &" ".repeat(64 * 1024);
        let said = scene.provider.notice(&letter.headers, long.as_bytes());
        assert_eq!(said, Err(Forged::TooLong));
    }
}

/// PAY-01: an amount that is not what was charged is told as it is, for whoever charged to compare.
#[tokio::test]
async fn a_wrong_amount_is_told_as_it_is() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        scene.paid("pay_0001", 15_900).await;
        let letter = scene.simulator.letter("pay_0001", Lie::Amount(1));
        let Ok(Notice::Paid(Paid { amount, .. })) = read(&scene.provider, &letter) else {
            panic!("{plays:?}: it is genuine");
        };
        assert_eq!(amount, Money::minor(1));
    }
}

/// PAY-01: a copy of an honest notice is good for five minutes; of Alipay's, who says no more than a day, for a day.
#[tokio::test]
async fn an_old_copy_is_stale() {
    for (plays, minutes) in [(Plays::WechatPay, 5), (Plays::Alipay, 26 * 60)] {
        let scene = Scene::with(plays).await;
        scene.paid("pay_0001", 100).await;
        let letter = scene.simulator.letter("pay_0001", Lie::Honest);
        scene.clock.advance(SignedDuration::from_mins(minutes - 1));
        assert!(read(&scene.provider, &letter).is_ok());
        scene.clock.advance(SignedDuration::from_mins(2));
        assert_eq!(
            read(&scene.provider, &letter),
            Err(Forged::Stale),
            "{plays:?}"
        );
    }
}

/// PAY-01: no byte of a notice can be another.
#[tokio::test]
async fn every_byte_of_a_notice_is_signed() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        scene.paid("pay_0001", 100).await;
        let letter = scene.simulator.letter("pay_0001", Lie::Honest);
        for at in 0..letter.body.len() {
            let mut body = letter.body.clone().into_bytes();
            body[at] ^= 1;
            let said = scene.provider.notice(&letter.headers, &body);
            assert!(said.is_err(), "{plays:?}: {at}");
        }
    }
}

/// PAY-01: strangers' bytes are refused, and nothing else happens.
#[tokio::test]
async fn strangers_bytes_are_refused() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        scene.paid("pay_0001", 100).await;
        let headers = scene.simulator.letter("pay_0001", Lie::Honest).headers;
        let bytes = prop::collection::vec(any::<u8>(), 0..200);
        let words =
            "(sign|sign_type|RSA2|total_amount|=|&|%|[{}\":]){0,20}".prop_map(String::into_bytes);
        proptest!(ProptestConfig::with_cases(200), |(body in prop_oneof![bytes, words])| {
            prop_assert!(scene.provider.notice(&headers, &body).is_err());
        });
    }
}

/// PAY-01: refunds are told, too: those that went well, those that failed, and those that staff have to look after.
#[tokio::test]
async fn refunds_are_told() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        let Scene {
            simulator,
            provider,
            ..
        } = &scene;
        scene.paid("pay_0001", 300).await;
        for (name, outcome) in [
            ("back_0001", Outcome::Succeeded),
            ("back_0002", Outcome::Failed),
            ("back_0003", Outcome::Stuck),
        ] {
            if plays == Plays::Alipay && outcome != Outcome::Succeeded {
                continue; // It says nothing of refunds that did not succeed.
            }
            simulator.refunds_become([outcome]);
            let asked = provider.refund(&refund("pay_0001", name, 100, 300)).await;
            let said = read(provider, &simulator.refund_letter(name)).expect("genuine");
            let Notice::Refunded(Refunded {
                number: of,
                refund_number,
                amount,
                standing,
            }) = said
            else {
                panic!("{plays:?}: it is a refund");
            };
            assert_eq!((of, refund_number), (number("pay_0001"), number(name)));
            let hundred = (plays == Plays::WechatPay).then(|| Money::minor(100));
            assert_eq!(amount, hundred);
            let same = matches!(
                (&standing, &asked),
                (
                    RefundStanding::Succeeded { .. },
                    Ok(RefundStanding::Succeeded { .. })
                )
            );
            assert!(
                same || Ok(&standing) == asked.as_ref(),
                "{plays:?}: {standing:?} {asked:?}"
            );
        }
    }
}

/// PAY-01: a refund of the rest closes the payment at Alipay, and is a refund all the same.
#[tokio::test]
async fn the_last_refund_is_a_refund() {
    let scene = Scene::with(Plays::Alipay).await;
    scene.paid("pay_0001", 300).await;
    let all = refund("pay_0001", "back_0001", 300, 300);
    scene.provider.refund(&all).await.expect("given back");
    let letter = scene.simulator.refund_letter("back_0001");
    assert!(letter.body.contains("TRADE_CLOSED"));
    let said = read(&scene.provider, &letter);
    assert!(matches!(said, Ok(Notice::Refunded(_))), "{said:?}");
    let standing = scene.provider.query(&number("pay_0001")).await;
    assert!(
        matches!(standing, Ok(Some(Standing::Paid(_)))),
        "{standing:?}"
    );
}

/// Somebody who takes notices by HTTP and applies each payment once.
#[derive(Clone)]
struct Till {
    provider: Provider,
    applied: Arc<Mutex<Vec<Paid>>>,
    seen: Arc<Mutex<BTreeSet<String>>>,
}

impl Till {
    async fn open(provider: &Provider) -> (Self, String) {
        let till = Self {
            provider: provider.clone(),
            applied: Arc::default(),
            seen: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let url = format!(
            "http://{}/notices",
            listener.local_addr().expect("an address")
        );
        let router = Router::new().fallback(hear).with_state(till.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (till, url)
    }

    fn apply(&self, notice: &Notice) {
        if let Notice::Paid(paid) = notice
            && self
                .seen
                .lock()
                .unwrap()
                .insert(paid.transaction_id.clone())
        {
            self.applied.lock().unwrap().push(paid.clone());
        }
    }
}

async fn hear(
    State(till): State<Till>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1], &'static str) {
    let heard = match till.provider.notice(&headers, &body) {
        Ok(notice) => {
            till.apply(&notice);
            Heard::Settled
        }
        Err(_) => Heard::Forged,
    };
    let said = till.provider.acknowledge(heard);
    (
        said.status,
        [("content-type", said.content_type)],
        said.body,
    )
}

/// PAY-01: twice at once, in another order, forged in between: each payment is applied once, and the provider hears the word
/// that it waits for.
#[tokio::test]
async fn notices_come_twice_reordered_and_forged() {
    for plays in BOTH {
        let scene = Scene::with(plays).await;
        let (till, url) = Till::open(&scene.provider).await;
        for name in ["pay_0001", "pay_0002", "pay_0003"] {
            let mut charge = scene.charge(name, 100);
            charge.notify_url.clone_from(&url);
            scene.provider.charge(&charge).await.expect("a code");
        }
        assert!(scene.simulator.pay("pay_0001") && scene.simulator.pay("pay_0002"));
        let letter = |name, lie| scene.simulator.letter(name, lie);
        let forged = scene
            .simulator
            .tell(&letter("pay_0001", Lie::Signature))
            .await;
        assert_eq!(
            (forged.status, forged.acknowledged),
            (StatusCode::UNAUTHORIZED, false)
        );
        let (second, first) = (
            letter("pay_0002", Lie::Honest),
            letter("pay_0001", Lie::Honest),
        );
        let told = tokio::join!(
            scene.simulator.tell(&second),
            scene.simulator.tell(&first),
            scene.simulator.tell(&second),
        );
        assert!(
            told.0.acknowledged && told.1.acknowledged && told.2.acknowledged,
            "{told:?}"
        );
        assert!(scene.simulator.pay_and_tell("pay_0003").await.acknowledged);
        let applied = till.applied.lock().unwrap().clone();
        let mut names: Vec<&str> = applied.iter().map(|paid| paid.number.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["pay_0001", "pay_0002", "pay_0003"], "{plays:?}");
    }
}

/// PAY-01: who could not deal with a notice says so, and hears it again.
#[tokio::test]
async fn a_notice_that_could_not_be_dealt_with_is_told_again() {
    for plays in BOTH {
        let provider = Scene::with(plays).await.provider;
        let later = provider.acknowledge(Heard::Failed);
        assert_eq!(later.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_ne!(later.body, "success");
        let settled = provider.acknowledge(Heard::Settled);
        let expected = match plays {
            Plays::WechatPay => (StatusCode::NO_CONTENT, ""),
            Plays::Alipay => (StatusCode::OK, "success"),
        };
        assert_eq!((settled.status, settled.body), expected);
    }
}
