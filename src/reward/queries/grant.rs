//! What was given, once for each event.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};

use super::super::{Grant, Rule};
use crate::{
    error::Result,
    id::{CouponId, RewardGrantId, RewardRuleId, UserId},
    store::Tx,
};

/// Nobody else gives this customer anything until this work ends: of two events at once the second sees the first.
pub(in crate::reward) async fn hold_customer(tx: &mut Tx, customer: UserId) -> Result<()> {
    sqlx::query!(
        r#"select 1 as "one!" from users where id = $1 for no key update"#,
        customer.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(())
}

/// Writes it down: the statement that decides. False: it was before, the rule has ended, or the customer has had as many by this rule as it gives.
pub(in crate::reward) async fn add_grant(tx: &mut Tx, rule: &Rule, grant: &Grant) -> Result<bool> {
    let shop = tx.shop()?;
    let most = rule.most.filter(|_| !rule.trigger.counts_friends());
    let added = sqlx::query!(
        "
        insert into reward_grants (id, rule_id, customer_id, event, coupon_id, refused, at)
        select $3, r.id, $4, $5, $6, $7, $8
        from reward_rules r
        where r.shop_id = $1 and r.id = $2 and r.ended_at is null
          and ($9::integer is null or $9 > (
            select count(*) from reward_grants g where g.rule_id = r.id and g.customer_id = $4 and g.coupon_id is not null
          ))
        on conflict do nothing
        ",
        shop.0,
        rule.id.0,
        grant.id.0,
        grant.customer_id.0,
        grant.event,
        grant.coupon_id.map(|id| id.0),
        grant.refused,
        grant.at.to_sqlx() as _,
        most,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// What a rule gave and could not give, before one of them, the newest first.
pub(in crate::reward) async fn grants(
    tx: &mut Tx,
    rule: RewardRuleId,
    before: Option<RewardGrantId>,
    limit: i64,
) -> Result<Vec<Grant>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select g.id as "id: RewardGrantId", g.customer_id as "customer_id: UserId", g.event, g.coupon_id as "coupon_id: CouponId", g.refused,
          g.at as "at: SqlTimestamp"
        from reward_grants g
        join reward_rules r on r.id = g.rule_id
        where r.shop_id = $1 and g.rule_id = $2 and ($3::uuid is null or g.id < $3)
        order by g.id desc
        limit $4
        "#,
        shop.0,
        rule.0,
        before.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    let grants = rows.into_iter().map(|row| Grant {
        id: row.id,
        customer_id: row.customer_id,
        event: row.event,
        coupon_id: row.coupon_id,
        refused: row.refused,
        at: row.at.to_jiff(),
    });
    Ok(grants.collect())
}
