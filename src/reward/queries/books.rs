//! Grants against coupons, both ways.

use sqlx::PgConnection;

use crate::error::Result;

/// Grants whose coupon is not there, is somebody else's or another shop's, or was not earned.
pub(in crate::reward) async fn grants(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select g.id, g.event, g.customer_id, c.customer_id as "theirs?", c.source as "source?"
        from reward_grants g
        join reward_rules r on r.id = g.rule_id
        left join coupons c on c.id = g.coupon_id
        where g.coupon_id is not null
          and (c.id is null or c.customer_id <> g.customer_id or c.shop_id <> r.shop_id or c.source <> 'reward')
        order by g.id
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "reward {} ({}) to {}: its coupon is {:?}'s, by {:?}",
            row.id, row.event, row.customer_id, row.theirs, row.source
        )
    });
    Ok(said.collect())
}

/// Coupons that were earned by nothing.
pub(in crate::reward) async fn coupons(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select c.id, c.customer_id
        from coupons c
        where c.source = 'reward' and not exists (select from reward_grants g where g.coupon_id = c.id)
        order by c.id
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "coupon {} of {}: no reward gave it",
            row.id, row.customer_id
        )
    });
    Ok(said.collect())
}
