//! Counters against rows, and coupons against orders.

use sqlx::PgConnection;

use crate::error::Result;

/// Templates whose counters are not their rows', or whose coupons are worth more than their budget.
pub(in crate::coupon) async fn templates(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select t.id, t.claimed, t.given, t.quantity, t.budget, c.coupons as "coupons!", g.gifts as "gifts!",
          ((t.claimed + t.given) * coalesce(t.worth, 0))::bigint as "worth!"
        from coupon_templates t
        cross join lateral (select count(*) as coupons from coupons c where c.template_id = t.id and c.gift_id is null) c
        cross join lateral (
          select coalesce(sum(case when closed_at is null then pieces else claimed end), 0)::bigint as gifts
          from coupon_gifts g
          where g.template_id = t.id
        ) g
        where t.claimed <> c.coupons or t.given <> g.gifts or t.claimed + t.given > t.quantity
          or (t.budget is not null and (t.claimed + t.given) * t.worth > t.budget)
        order by t.id
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "coupon template {}: {} claimed and {} given, by its rows {} and {}, worth {}; quantity {:?}, budget {:?}",
            row.id, row.claimed, row.given, row.coupons, row.gifts, row.worth, row.quantity, row.budget
        )
    });
    Ok(said.collect())
}

/// Gifts whose counter is not their coupons'.
pub(in crate::coupon) async fn gifts(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select g.id, g.claimed, c.coupons as "coupons!"
        from coupon_gifts g
        cross join lateral (select count(*) as coupons from coupons c where c.gift_id = g.id) c
        where g.claimed <> c.coupons
        order by g.id
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "coupon gift {}: {} claimed, by its coupons {}",
            row.id, row.claimed, row.coupons
        )
    });
    Ok(said.collect())
}

/// Batches of abnormal claims whose counter is not that of the coupons that carry their mark.
pub(in crate::coupon) async fn batches(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select b.id, b.coupons, c.coupons as "marked!"
        from claim_batches b
        cross join lateral (select count(*) as coupons from coupons c where c.batch_id = b.id) c
        where b.coupons <> c.coupons
        order by b.id
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "claim batch {}: {} coupons, by their marks {}",
            row.id, row.coupons, row.marked
        )
    });
    Ok(said.collect())
}

/// Orders whose discount is not what their coupon and promotions take off, or not split over their lines; and coupons on orders that do not have them. An
/// order that was taken and then refunded as a whole keeps its coupon as used.
pub(in crate::coupon) async fn orders(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select o.id as "id!", o.discount as "discount!", coalesce(c.deducted, 0) as "deducted!", p.reduced as "reduced!", l.shares as "shares!",
          coalesce(c.state, 'none') as "state!", o.state as "stands!"
        from orders o
        left join coupons c on c.order_id = o.id
        cross join lateral (
          select coalesce(sum(l.discount), 0)::bigint as shares from order_lines l where l.order_id = o.id
        ) l
        cross join lateral (
          select coalesce(sum(e.reduced), 0)::bigint as reduced from order_promotions e where e.order_id = o.id and e.kind = 'tiered'
        ) p
        where o.discount <> l.shares
          or (o.state <> 'cancelled' and o.discount <> coalesce(c.deducted, 0) + p.reduced)
          or (o.state = 'cancelled' and o.accepted_at is null and c.id is not null)
          or (c.id is not null and (o.customer_id <> c.customer_id or o.shop_id <> c.shop_id))
          or (c.state = 'locked' and o.paid_at is not null)
        union all
        select c.order_id, 0, coalesce(c.deducted, 0), 0, 0, c.state, 'missing'
        from coupons c
        where c.order_id is not null and not exists (select from orders o where o.id = c.order_id)
        order by 1
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "order {} ({}): a discount of {}, its lines' shares {}, its coupon ({}) {}, its promotions {}",
            row.id, row.stands, row.discount, row.shares, row.state, row.deducted, row.reduced
        )
    });
    Ok(said.collect())
}
