//! Every statement about money.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{
    Paid,
    charge::Charge,
    ledger::{Account, Balances, Cause},
    refund::{Refund, Wanted},
};
use crate::{
    error::Result,
    id::{CaseId, ChargeId, OrderId, RefundId, ShopId},
    money::Money,
    pay::Method,
    store::Tx,
};

/// `false`: the provider's number was heard of before.
pub(super) async fn add_payment(tx: &mut Tx, paid: &Paid, now: Timestamp) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        with paid as (
          update charges set state = 'paid' where shop_id = $2 and id = $9
        )
        insert into payments (id, shop_id, order_id, method, transaction_id, amount, paid_at, heard_at, charge_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict on constraint payments_heard_once do nothing
        ",
        Uuid::now_v7(),
        shop.0,
        paid.order.0,
        paid.method,
        paid.transaction,
        paid.amount.in_minor(),
        paid.at.to_sqlx() as _,
        now.to_sqlx() as _,
        paid.charge.map(|charge| charge.0),
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// The order's payments with what is left of each, locked until the work ends.
pub(super) async fn payments(
    tx: &mut Tx,
    order: OrderId,
    newest_first: bool,
) -> Result<Vec<(Uuid, Money)>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select id, amount - refunded as "left!"
        from payments
        where shop_id = $1 and order_id = $2
        order by case when $3 then heard_at end desc nulls last, heard_at, id
        for no key update
        "#,
        shop.0,
        order.0,
        newest_first
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, Money::minor(row.left)))
        .collect())
}

pub(super) async fn add_refund(
    tx: &mut Tx,
    id: RefundId,
    payment: Uuid,
    amount: Money,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        with taken as (
          update payments
          set refunded = refunded + $5
          where shop_id = $2 and id = $4
        )
        insert into refunds (id, shop_id, order_id, payment_id, case_id, amount, reason, next_at, created_at)
        values ($1, $2, $3, $4, $6, $5, $7, $8, $8)
        ",
        id.0,
        shop.0,
        wanted.order.0,
        payment,
        amount.in_minor(),
        wanted.case.map(|case| case.0),
        wanted.reason,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// What is due, of all shops; only one node asks at a time.
pub(super) async fn due_refunds(pool: &PgPool, now: Timestamp, most: i64) -> Result<Vec<Refund>> {
    let refunds = sqlx::query_as!(
        Refund,
        r#"
        select r.id as "id: RefundId", r.shop_id as "shop: ShopId", r.order_id as "order: OrderId", r.case_id as "case: CaseId",
          p.method, p.charge_id as "charge: ChargeId", o.currency, r.amount as "amount: Money", p.amount as "of: Money", r.reason, r.attempts
        from refunds r
        join payments p on p.id = r.payment_id
        join orders o on o.id = r.order_id
        where r.state in ('due', 'stuck') and r.next_at <= $1
        order by r.next_at
        limit $2
        "#,
        now.to_sqlx() as _,
        most
    )
    .fetch_all(pool)
    .await?;
    Ok(refunds)
}

pub(super) async fn all_arrived(tx: &mut Tx, case: CaseId) -> Result<bool> {
    let shop = tx.shop()?;
    let all = sqlx::query_scalar!(
        r#"
        select not exists (
          select from refunds where shop_id = $1 and case_id = $2 and state <> 'succeeded'
        ) as "all!"
        "#,
        shop.0,
        case.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(all)
}

/// `false`: it was settled before.
pub(super) async fn settle_refund(tx: &mut Tx, refund: RefundId, now: Timestamp) -> Result<bool> {
    let shop = tx.shop()?;
    let settled = sqlx::query!(
        "
        update refunds
        set state = 'succeeded', settled_at = $3, attempts = attempts + 1, trouble = ''
        where shop_id = $1 and id = $2 and state <> 'succeeded'
        ",
        shop.0,
        refund.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(settled.rows_affected() == 1)
}

/// `false`: it was settled, or tried by another node, meanwhile.
pub(super) async fn postpone_refund(
    tx: &mut Tx,
    refund: &Refund,
    trouble: &str,
    stuck: bool,
    next: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let postponed = sqlx::query!(
        "
        update refunds
        set attempts = attempts + 1, trouble = left($3, 200), next_at = $4, state = case when $5 then 'stuck' else state end
        where shop_id = $1 and id = $2 and state <> 'succeeded' and attempts = $6
        ",
        shop.0,
        refund.id.0,
        trouble.replace('\0', ""),
        next.to_sqlx() as _,
        stuck,
        refund.attempts,
    )
    .execute(tx.sql())
    .await?;
    Ok(postponed.rows_affected() == 1)
}

/// `false`: staff were told before, or it is stuck no more.
pub(super) async fn tell_stuck(tx: &mut Tx, refund: RefundId, now: Timestamp) -> Result<bool> {
    let shop = tx.shop()?;
    let told = sqlx::query!(
        "update refunds set told_at = $3 where shop_id = $1 and id = $2 and state = 'stuck' and told_at is null",
        shop.0,
        refund.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(told.rows_affected() == 1)
}

pub(super) async fn transfer(
    tx: &mut Tx,
    (from, to): (Account, Account),
    amount: Money,
    cause: &Cause,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into ledger (shop_id, debit, credit, amount, cause, order_id, refund_id, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        ",
        shop.0,
        from.word(),
        to.word(),
        amount.in_minor(),
        cause.word,
        cause.order.map(|order| order.0),
        cause.refund.map(|refund| refund.0),
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

pub(super) async fn balances(tx: &mut Tx) -> Result<Balances> {
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
          coalesce(sum(amount) filter (where account = 'withdrawn'), 0)::bigint as "withdrawn!: Money"
        from moved
        "#,
        shop.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(balances)
}

/// Adds the entries since the last time to the totals. Nobody writes an entry meanwhile: numbers are taken before the commit, so that a
/// smaller one could come later.
pub(super) async fn fold(tx: &mut Tx) -> Result<()> {
    sqlx::query!("lock table ledger in share mode")
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

/// Totals that are not the sum of their entries.
pub(super) async fn totals(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        with folded as (
          select shop_id, debit, credit, amount from ledger where id <= (select through from ledger_folded)
        ), moved as (
          select shop_id, credit as account, amount from folded
          union all
          select shop_id, debit, -amount from folded
        ), entries as (
          select shop_id, account, sum(amount)::bigint as amount from moved group by shop_id, account
        )
        select coalesce(e.shop_id, t.shop_id) as "shop!", coalesce(e.account, t.account) as "account!",
          coalesce(e.amount, 0) as "entries!", coalesce(t.amount, 0) as "total!"
        from entries e
        full join ledger_totals t on t.shop_id = e.shop_id and t.account = e.account
        where coalesce(e.amount, 0) <> coalesce(t.amount, 0)
        order by 1, 2
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "shop {}, account {}: {} in its total, {} by its entries",
            row.shop, row.account, row.total, row.entries
        )
    });
    Ok(said.collect())
}

/// `false`: it was earned before.
pub(super) async fn add_settlement(
    tx: &mut Tx,
    order: OrderId,
    amount: Money,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        insert into settlements (order_id, shop_id, amount, completed_on)
        select $2, id, $3, ($4::timestamptz at time zone time_zone)::date
        from shops
        where id = $1
        on conflict (order_id) do nothing
        ",
        shop.0,
        order.0,
        amount.in_minor(),
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// What was earned on a day that is over where its shop is.
pub(super) async fn to_be_credited(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Vec<(ShopId, OrderId)>> {
    let rows = sqlx::query!(
        r#"
        select s.shop_id as "shop: ShopId", s.order_id as "order: OrderId"
        from settlements s
        join shops h on h.id = s.shop_id
        where s.credited_at is null and s.completed_on < ($1::timestamptz at time zone h.time_zone)::date
        order by s.completed_on
        limit $2
        "#,
        now.to_sqlx() as _,
        most
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.order)).collect())
}

/// Marks it credited and gives what it is; nothing: it was before.
pub(super) async fn credit(tx: &mut Tx, order: OrderId, now: Timestamp) -> Result<Option<Money>> {
    let shop = tx.shop()?;
    let amount = sqlx::query_scalar!(
        r#"
        update settlements
        set credited_at = $3
        where shop_id = $1 and order_id = $2 and credited_at is null
        returning amount as "amount: Money"
        "#,
        shop.0,
        order.0,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(amount)
}

/// Orders against their payments and refunds, payments against their refunds, both against the ledger.
pub(super) async fn differences(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        with came as (
          select order_id, sum(amount) as amount from payments group by order_id
        ), went as (
          select order_id, sum(amount) as amount from refunds group by order_id
        ), booked as (
          select order_id,
            coalesce(sum(amount) filter (where cause = 'paid'), 0) as paid,
            coalesce(sum(amount) filter (where cause = 'refund_ordered'), 0) as ordered,
            coalesce(sum(amount) filter (where cause = 'refunded'), 0) as refunded
          from ledger
          where order_id is not null
          group by order_id
        ), settled as (
          select order_id, sum(amount) as amount from refunds where state = 'succeeded' group by order_id
        )
        select o.id, o.paid, o.refunded, o.extra,
          coalesce(c.amount, 0)::bigint as "came!", coalesce(w.amount, 0)::bigint as "went!", coalesce(s.amount, 0)::bigint as "settled!",
          coalesce(b.paid, 0)::bigint as "booked_paid!", coalesce(b.ordered, 0)::bigint as "booked_ordered!",
          coalesce(b.refunded, 0)::bigint as "booked_refunded!"
        from orders o
        left join came c on c.order_id = o.id
        left join went w on w.order_id = o.id
        left join settled s on s.order_id = o.id
        left join booked b on b.order_id = o.id
        where coalesce(c.amount, 0) - coalesce(w.amount, 0) <> o.paid - o.refunded + o.extra
          or coalesce(b.paid, 0) <> coalesce(c.amount, 0)
          or coalesce(b.ordered, 0) <> coalesce(w.amount, 0)
          or coalesce(b.refunded, 0) <> coalesce(s.amount, 0)
        order by o.id
        "#
    )
    .fetch_all(&mut *sql)
    .await?;
    let mut said: Vec<String> = rows
        .into_iter()
        .map(|row| {
            format!(
                "order {}: paid {}, refunded {}, extra {}; payments {}, refunds {} of which {} settled; the ledger has {}, {}, {}",
                row.id, row.paid, row.refunded, row.extra, row.came, row.went, row.settled, row.booked_paid, row.booked_ordered,
                row.booked_refunded
            )
        })
        .collect();
    let payments = sqlx::query!(
        r#"
        select p.id, p.refunded, coalesce(sum(r.amount), 0)::bigint as "refunds!"
        from payments p
        left join refunds r on r.payment_id = p.id
        group by p.id
        having p.refunded <> coalesce(sum(r.amount), 0)
        order by p.id
        "#
    )
    .fetch_all(sql)
    .await?;
    said.extend(payments.into_iter().map(|row| {
        format!(
            "payment {}: {} went back, its refunds are {}",
            row.id, row.refunded, row.refunds
        )
    }));
    Ok(said)
}

/// The row of a charge.
struct ChargeRow {
    id: ChargeId,
    shop: ShopId,
    order: OrderId,
    method: String,
    amount: Money,
    currency: String,
    expires_at: SqlTimestamp,
    over: bool,
}

impl ChargeRow {
    fn charge(self) -> Result<Charge> {
        let method = Method::parse(&self.method);
        Ok(Charge {
            id: self.id,
            shop: self.shop,
            order: self.order,
            method: method.ok_or_else(|| anyhow::anyhow!("`{}` is no method", self.method))?,
            amount: self.amount,
            currency: self.currency,
            expires_at: self.expires_at.to_jiff(),
            over: self.over,
        })
    }
}

/// The open charge for the same order, by the same provider, of the same sum, that can still be paid.
pub(super) async fn open_charge(
    tx: &mut Tx,
    wanted: &Charge,
    now: Timestamp,
) -> Result<Option<Charge>> {
    let shop = tx.shop()?;
    let row = sqlx::query_as!(
        ChargeRow,
        r#"
        select id as "id: ChargeId", shop_id as "shop: ShopId", order_id as "order: OrderId", method, amount as "amount: Money",
          currency, expires_at as "expires_at: SqlTimestamp", false as "over!"
        from charges
        where shop_id = $1 and order_id = $2 and method = $3 and amount = $4 and state = 'open' and expires_at > $5
        order by id desc
        limit 1
        "#,
        shop.0,
        wanted.order.0,
        wanted.method.word(),
        wanted.amount.in_minor(),
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    row.map(ChargeRow::charge).transpose()
}

pub(super) async fn add_charge(
    tx: &mut Tx,
    charge: &Charge,
    now: Timestamp,
    ask_at: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into charges (id, shop_id, order_id, method, amount, currency, expires_at, ask_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ",
        charge.id.0,
        shop.0,
        charge.order.0,
        charge.method.word(),
        charge.amount.in_minor(),
        charge.currency,
        charge.expires_at.to_sqlx() as _,
        ask_at.to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// By its id: whoever asks has the provider's signature under it.
pub(super) async fn charge(pool: &PgPool, id: ChargeId) -> Result<Option<Charge>> {
    let row = sqlx::query_as!(
        ChargeRow,
        r#"
        select id as "id: ChargeId", shop_id as "shop: ShopId", order_id as "order: OrderId", method, amount as "amount: Money",
          currency, expires_at as "expires_at: SqlTimestamp", false as "over!"
        from charges
        where id = $1
        "#,
        id.0
    )
    .fetch_optional(pool)
    .await?;
    row.map(ChargeRow::charge).transpose()
}

/// Open charges of which nothing was heard, of all shops.
pub(super) async fn silent_charges(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Vec<Charge>> {
    let rows = sqlx::query_as!(
        ChargeRow,
        r#"
        select c.id as "id: ChargeId", c.shop_id as "shop: ShopId", c.order_id as "order: OrderId", c.method,
          c.amount as "amount: Money", c.currency, c.expires_at as "expires_at: SqlTimestamp", (o.state = 'cancelled' or o.payment_status <> 'unpaid' or o.total <> c.amount) as "over!"
        from charges c
        join orders o on o.id = c.order_id
        where c.state = 'open' and c.ask_at <= $1
        order by c.ask_at
        limit $2
        "#,
        now.to_sqlx() as _,
        most
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(ChargeRow::charge).collect()
}

pub(super) async fn close_charge(pool: &PgPool, charge: ChargeId) -> Result<()> {
    sqlx::query!(
        "update charges set state = 'closed' where id = $1 and state = 'open'",
        charge.0
    )
    .execute(pool)
    .await?;
    Ok(())
}

pub(super) async fn ask_later(pool: &PgPool, charge: ChargeId, at: Timestamp) -> Result<()> {
    sqlx::query!(
        "update charges set ask_at = $2 where id = $1 and state = 'open'",
        charge.0,
        at.to_sqlx() as _,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A refund by its id: whoever asks has the provider's signature under it.
pub(super) async fn refund(pool: &PgPool, id: RefundId) -> Result<Option<Refund>> {
    let refund = sqlx::query_as!(
        Refund,
        r#"
        select r.id as "id: RefundId", r.shop_id as "shop: ShopId", r.order_id as "order: OrderId", r.case_id as "case: CaseId",
          p.method, p.charge_id as "charge: ChargeId", o.currency, r.amount as "amount: Money", p.amount as "of: Money", r.reason,
          r.attempts
        from refunds r
        join payments p on p.id = r.payment_id
        join orders o on o.id = r.order_id
        where r.id = $1
        "#,
        id.0
    )
    .fetch_optional(pool)
    .await?;
    Ok(refund)
}

/// Payments and refunds of an order, as they are.
pub(super) async fn of_order(tx: &mut Tx, order: OrderId) -> Result<serde_json::Value> {
    let shop = tx.shop()?;
    let money = sqlx::query_scalar!(
        r#"
        select jsonb_build_object(
          'payments', coalesce((
            select jsonb_agg(jsonb_build_object('method', method, 'transaction_id', transaction_id, 'amount', amount, 'paid_at', paid_at)
              order by paid_at, id)
            from payments
            where shop_id = $1 and order_id = $2
          ), '[]'),
          'refunds', coalesce((
            select jsonb_agg(jsonb_build_object('id', id, 'amount', amount, 'reason', reason, 'state', state, 'created_at', created_at,
              'settled_at', settled_at) order by created_at, id)
            from refunds
            where shop_id = $1 and order_id = $2
          ), '[]')
        ) as "money!"
        "#,
        shop.0,
        order.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(money)
}
