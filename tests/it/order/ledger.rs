//! What accounts hold, read from totals and the few entries since.

use serde_json::{Value, json};
use souk::payment::ledger;

use super::Market;
use crate::support::eventually;

impl Market {
    async fn holds(&self) -> Value {
        self.boss().get(&self.shop.path("/balances")).await.ok()
    }

    async fn folds(&self) {
        let app = &self.server.server.app;
        ledger::fold(app).await.expect("totals are made");
    }

    /// The entries that a balance is read from besides the totals.
    async fn entries_since(&self) -> i64 {
        let since = "select count(*) from ledger where id > (select through from ledger_folded)";
        let pool = self.server.server.app.store.pool();
        sqlx::query_scalar(since).fetch_one(pool).await.unwrap()
    }
}

/// PAY-03, STAFF-05: balances are the same before and after entries go into totals, however often; the audit knows a total that is not its entries'.
#[tokio::test]
async fn a_balance_is_read_from_totals() {
    let market = Market::with(9).await;
    market.paid(2).await;
    let order = market.paid(1).await;
    let why = json!({ "reason": "卖完了" });
    market.staff(&order, "cancel", why).await.ok();
    // The refund is paid out before anything is counted: nothing but what happens here makes entries then.
    market.on_time().await;
    let before = market.holds().await;
    assert_eq!(
        (&before["orders"], &before["refunds"]),
        (&json!(31_800), &json!(0))
    );
    for _ in 0..2 {
        market.folds().await;
        assert_eq!(market.holds().await, before);
        assert_eq!(market.entries_since().await, 0);
    }
    market.paid(1).await;
    assert_eq!(market.entries_since().await, 1);
    assert_eq!(market.holds().await["orders"], 47_700);
    market.folds().await;
    assert_eq!(market.holds().await["orders"], 47_700);
    assert_eq!(market.differences().await, [""; 0]);

    let pool = market.server.server.app.store.pool();
    let forged = "update ledger_totals set amount = amount + 1 where account = 'orders'";
    sqlx::query(forged).execute(pool).await.unwrap();
    let said = format!(
        "shop {}, account orders: 47701 in its total, 47700 by its entries",
        market.shop.id
    );
    assert_eq!(market.differences().await, [said]);
}

/// PAY-03: an entry that got its number early and is committed late is not lost: totals wait for it.
#[tokio::test]
async fn totals_wait_for_entries_under_way() {
    let market = Market::with(9).await;
    let pool = market.server.server.app.store.pool();
    let mut slow = pool.begin().await.unwrap();
    let entry = "insert into ledger (shop_id, debit, credit, amount, cause, at) values ($1, 'provider', 'orders', 7, 'paid', now())";
    sqlx::query(entry)
        .bind(market.shop.id.0)
        .execute(&mut *slow)
        .await
        .unwrap();
    market.paid(1).await;
    let waits = async || {
        let waits = "select exists (select from pg_locks where relation = 'ledger'::regclass and not granted)";
        sqlx::query_scalar::<_, bool>(waits)
            .fetch_one(pool)
            .await
            .unwrap()
    };
    let commit = async {
        eventually(waits).await;
        slow.commit().await.unwrap();
    };
    tokio::join!(market.folds(), commit);
    assert_eq!(market.entries_since().await, 0);
    assert_eq!(market.holds().await["orders"], 15_907);
}
