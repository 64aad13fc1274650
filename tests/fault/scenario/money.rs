//! Money comes while everything breaks.

use super::{Plan, staged};
use crate::{simulator::Lie, till::Till, world::World};

/// Who pay in each way.
const EACH: usize = 5;

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
