//! Entries, and what accounts hold by them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

use super::super::ledger::{Account, Balances, Cause};
use crate::{error::Result, money::Money, store::Tx};

pub(in crate::payment) async fn transfer(
    tx: &mut Tx,
    (from, to): (Account, Account),
    amount: Money,
    cause: &Cause,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into ledger (shop_id, debit, credit, amount, cause, order_id, refund_id, red_packet_id, customer_id, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ",
        shop.0,
        from.word(),
        to.word(),
        amount.in_minor(),
        cause.word,
        cause.order.map(|order| order.0),
        cause.refund.map(|refund| refund.0),
        cause.red_packet.map(|red_packet| red_packet.0),
        cause.customer.map(|customer| customer.0),
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

pub(in crate::payment) async fn balances(tx: &mut Tx) -> Result<Balances> {
    let shop = tx.shop()?;
    let balances = sqlx::query_as!(
        Balances,
        r#"
        with since as (
          select debit, credit, amount from ledger where shop_id = $1 and id > (select through from ledger_folded)
        ), moved as (
          select account, amount from ledger_totals where shop_id = $1
          union all
          select credit, amount from since
          union all
          select debit, -amount from since
        )
        select
          coalesce(sum(amount) filter (where account = 'orders'), 0)::bigint as "orders!: Money",
          coalesce(sum(amount) filter (where account = 'refunds'), 0)::bigint as "refunds!: Money",
          coalesce(sum(amount) filter (where account = 'tomorrow'), 0)::bigint as "tomorrow!: Money",
          coalesce(sum(amount) filter (where account = 'balance'), 0)::bigint as "balance!: Money",
          coalesce(sum(amount) filter (where account = 'withdrawn'), 0)::bigint as "withdrawn!: Money",
          coalesce(sum(amount) filter (where account = 'packets'), 0)::bigint as "packets!: Money",
          coalesce(sum(amount) filter (where account = 'customers'), 0)::bigint as "customers!: Money",
          coalesce(sum(amount) filter (where account = 'paid_out'), 0)::bigint as "paid_out!: Money"
        from moved
        "#,
        shop.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(balances)
}

/// Adds the entries since the last time to the totals. Nobody writes an entry meanwhile: numbers are taken before the commit, so that a
/// smaller one could come later; nor does anybody else fold.
pub(in crate::payment) async fn fold(tx: &mut Tx) -> Result<()> {
    sqlx::query!("lock table ledger in share row exclusive mode")
        .execute(tx.sql())
        .await?;
    sqlx::query!(
        "
        with since as (
          select id, shop_id, debit, credit, amount from ledger where id > (select through from ledger_folded)
        ), moved as (
          select shop_id, credit as account, amount from since
          union all
          select shop_id, debit, -amount from since
        ), added as (
          insert into ledger_totals as t (shop_id, account, amount)
          select shop_id, account, sum(amount) from moved group by shop_id, account order by shop_id, account
          on conflict (shop_id, account) do update
          set amount = t.amount + excluded.amount
        )
        update ledger_folded
        set through = (select max(id) from since)
        where exists (select from since)
        "
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
