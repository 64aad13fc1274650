//! Whether the money adds up.

use sqlx::PgConnection;

use crate::error::Result;

/// Orders against their payments and refunds, payments against their refunds, both against the ledger.
pub(in crate::payment) async fn differences(sql: &mut PgConnection) -> Result<Vec<String>> {
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

/// Totals that are not the sum of their entries.
pub(in crate::payment) async fn totals(sql: &mut PgConnection) -> Result<Vec<String>> {
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
