//! Money comes while everything breaks.

use super::{CONVERGE, Plan, staged};
use crate::{claims::Limits, simulator::Lie, till::Till, wait::until, world::World};

/// Who pay in each way.
const EACH: usize = 5;
/// Of so many things more people want one than there are.
const STOCK: u32 = 20;
const CROWD: usize = 60;

/// F32, I-16: notices of payments come three times each, shuffled, some of them for orders that ended an hour ago, forged ones among
/// them, while a node is killed and PostgreSQL fails over to its synchronous standby; then some of it goes back, and that is told
/// twice, too. Every payment counts once, late money is kept and given back, the provider's book and ours are the same to the fen.
#[tokio::test(flavor = "multi_thread")]
async fn f32_payments_are_told_while_everything_breaks() {
    let set = async |world: &mut World| {
        world.stand_by().await;
        Till::open(world, 1_000).await
    };
    staged(Plan::of("f32", 2), set, async |world, run, till| {
        let bills = till.bills(4 * EACH).await;
        let [paid, cancelled, late, unpaid] =
            [0, 1, 2, 3].map(|place| bills[place * EACH..][..EACH].to_vec());
        paid.iter()
            .chain(&cancelled)
            .for_each(|bill| till.pay(bill));
        for bill in &late {
            till.paid_long_ago(bill).await;
        }
        let told = [&paid[..], &cancelled, &late].concat();
        let letters = till.letters(&told, &[Lie::Signature, Lie::Unsigned]);

        run.history
            .deed("kill node 0 and the primary while notices come");
        let break_it = async {
            world.nodes[0].kill();
            world.fail_over().await;
            world.nodes[0].start();
            world.nodes[0].ready().await;
        };
        tokio::join!(till.tell(letters), break_it);
        till.cancel(&cancelled).await;
        till.give_back(&late).await;
        till.all_is_back().await;
        till.tell(till.refund_letters(&bills).await).await;
        till.tell(till.letters(&cancelled, &[])).await;

        for (some, state) in [
            (&paid, "pending_acceptance"),
            (&cancelled, "cancelled"),
            (&late, "cancelled"),
            (&unpaid, "pending_payment"),
        ] {
            for bill in some {
                till.comes_to(bill, state).await;
            }
        }
        let wrong = till.wrong(&bills).await;
        assert!(wrong.is_empty(), "{wrong:#?}");
    })
    .await;
}

/// F30, INV-01 (its stock part), I-14, I-16: 60 customers want one of 20 at once, each asks twice with one key, and a node is killed when some
/// have theirs: exactly 20 have one, nobody two, the others are told that there is none, and the books balance.
#[tokio::test(flavor = "multi_thread")]
async fn f30_many_want_few() {
    let set = async |world: &mut World| Till::open(world, STOCK).await;
    staged(Plan::of("f30", 2), set, async |world, run, till| {
        run.history.deed("kill node 0 in the rush");
        let break_it = async {
            let begun = async || till.level().await.0 >= 3;
            assert!(until(CONVERGE, begun).await, "nobody gets any");
            world.nodes[0].kill();
            world.nodes[0].start();
            world.nodes[0].ready().await;
        };
        let (outcome, ()) = tokio::join!(till.rush(CROWD), break_it);
        let (served, refused, wrong) = (outcome.served, outcome.refused, outcome.wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!((served, refused), (20, CROWD - 20));
        assert_eq!(till.level().await, (20, 20, 0));
        assert_eq!(till.audit(), None);
    })
    .await;
}

/// Who want a coupon, two on each device.
const CLAIMANTS: usize = 500;
/// Who also want one that a budget limits.
const SPENDERS: usize = 100;

/// F31, CPN-06, CPN-15, RISK-01: 500 customers on 250 devices claim 100 coupons at once, one each and one a device, over two nodes, and a node is
/// killed midway; 100 of them claim what a budget of 300 yuan pays for 30 times. Exactly 100 and 30 are granted, nobody and no device has two,
/// nobody is told what is not so, and the books balance; staff are alerted once to each.
#[tokio::test(flavor = "multi_thread")]
async fn f31_many_claim_few() {
    let set = async |world: &mut World| Till::open(world, 1).await;
    staged(Plan::of("f31", 2), set, async |world, run, till| {
        let crowd = till.pairs(CLAIMANTS).await;
        let hundred = Limits {
            quantity: Some(100),
            per_device: Some(1),
            ..Limits::default()
        };
        let thirty = Limits {
            budget: Some(30_999),
            ..Limits::default()
        };
        let [hundred, thirty] = [till.coupons(hundred).await, till.coupons(thirty).await];
        run.history.deed("kill node 0 in the rush");
        let break_it = async {
            let begun = async || till.claimed(hundred).await.0 >= 20;
            assert!(until(CONVERGE, begun).await, "nobody gets any");
            world.nodes[0].kill();
            let midway = till.claimed(hundred).await.0;
            world.nodes[0].start();
            world.nodes[0].ready().await;
            midway
        };
        let gone = ["coupon_sold_out", "coupon_device_limit"];
        let spent = ["coupon_budget_spent"];
        let (claims, spenders, midway) = tokio::join!(
            till.claim_rush(&crowd, hundred, &gone),
            till.claim_rush(&crowd[..SPENDERS], thirty, &spent),
            break_it
        );
        println!("f31: the node died when {midway} were claimed");
        for (claims, granted, refused) in [
            (&claims, 100, CLAIMANTS - 100),
            (&spenders, 30, SPENDERS - 30),
        ] {
            assert!(claims.wrong.is_empty(), "{:#?}", claims.wrong);
            assert_eq!((claims.granted, claims.refused), (granted, refused));
        }
        assert_eq!(till.claimed(hundred).await, (100, 100, 1));
        assert_eq!((till.claimed(thirty).await.0, till.audit()), (30, None));
        assert_eq!(till.alerts("abnormal_claims").await, 2);
    })
    .await;
}
