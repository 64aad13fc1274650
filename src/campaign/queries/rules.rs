//! A shop's rules for campaigns, and whom they call back.

use jiff::{Timestamp, civil::Time};
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgPool, types::Json};
use uuid::Uuid;

use crate::{
    campaign::{
        Plan,
        rules::{Recall, Rules},
    },
    error::Result,
    id::{CampaignId, ShopId, UserId},
    store::Tx,
};

/// The shop's rules, if it has set any.
pub(in crate::campaign) async fn rules(tx: &mut Tx) -> Result<Option<Rules>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select quiet_from::text as "quiet_from!", quiet_until::text as "quiet_until!", per_day, recall as "recall: Json<Recall>"
        from campaign_rules
        where shop_id = $1
        "#,
        shop.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Rules {
        quiet_from: time(&row.quiet_from)?,
        quiet_until: time(&row.quiet_until)?,
        per_day: row.per_day,
        recall: row.recall.map(|recall| recall.0),
    }))
}

fn time(text: &str) -> Result<Time> {
    Ok(text.parse().map_err(anyhow::Error::from)?)
}

/// Other rules.
pub(in crate::campaign) async fn set_rules(tx: &mut Tx, rules: &Rules, by: UserId) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into campaign_rules (shop_id, quiet_from, quiet_until, per_day, recall, set_by)
        values ($1, $2::text::time, $3::text::time, $4, $5, $6)
        on conflict (shop_id) do update
        set quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, per_day = excluded.per_day,
          recall = excluded.recall, set_by = excluded.set_by
        ",
        shop.0,
        rules.quiet_from.to_string(),
        rules.quiet_until.to_string(),
        rules.per_day,
        rules.recall.as_ref().map(Json) as _,
        by.0,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Shops that call customers back.
pub(in crate::campaign) async fn calling_back(pool: &PgPool, most: i64) -> Result<Vec<ShopId>> {
    let shops = sqlx::query_scalar!(
        r#"select shop_id as "shop: ShopId" from campaign_rules where recall is not null order by shop_id limit $1"#,
        most,
    )
    .fetch_all(pool)
    .await?;
    Ok(shops)
}

/// Notes some whose last order is so many days old, three more at most, and who were not called back after it. What they are noted for is this campaign's.
pub(in crate::campaign) async fn call_back(
    tx: &mut Tx,
    campaign: CampaignId,
    days: i32,
    most: i64,
    now: Timestamp,
) -> Result<Vec<UserId>> {
    let shop = tx.shop()?;
    let called = sqlx::query_scalar!(
        r#"
        insert into recalls (shop_id, customer_id, ordered_at, campaign_id)
        select $1, o.customer_id, max(o.placed_at), $2
        from orders o
        join customers c on c.shop_id = o.shop_id and c.user_id = o.customer_id and c.opted_out_at is null
        where o.shop_id = $1 and o.placed_at is not null and o.state <> 'cancelled'
        group by o.customer_id
        having max(o.placed_at) <= $4::timestamptz - make_interval(days => $3)
          and max(o.placed_at) > $4::timestamptz - make_interval(days => $3 + 3)
          and not exists (
            select from recalls r
            where r.shop_id = $1 and r.customer_id = o.customer_id and r.ordered_at = max(o.placed_at)
          )
        order by o.customer_id
        limit $5
        on conflict do nothing
        returning customer_id as "customer: UserId"
        "#,
        shop.0,
        campaign.0,
        days,
        now.to_sqlx() as _,
        most,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(called)
}

/// The campaign that calls these back; its recipients are fixed already.
pub(in crate::campaign) async fn add_recall(
    tx: &mut Tx,
    campaign: CampaignId,
    plan: &Plan,
    called: &[UserId],
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    let called: Vec<Uuid> = called.iter().map(|id| id.0).collect();
    sqlx::query!(
        "
        with made as (
          insert into campaigns (id, shop_id, kind, name, state, plan, starts_at, started_at, created_by, created_at)
          select $2, shop_id, 'recall', '召回', 'sending', $3, $5, $5, set_by, $5
          from campaign_rules
          where shop_id = $1
          returning id
        )
        insert into campaign_recipients (campaign_id, shop_id, customer_id, place, layer)
        select m.id, $1, c.id, row_number() over (order by c.id), 0
        from made m
        cross join unnest($4::uuid[]) as c (id)
        ",
        shop.0,
        campaign.0,
        Json(plan) as _,
        &called,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Forgets the counts of some days before that of `before`, of all shops; says how many.
pub(in crate::campaign) async fn forget_days(pool: &PgPool, before: Timestamp) -> Result<u64> {
    let forgotten = sqlx::query!(
        "
        delete from campaign_days
        where (shop_id, customer_id, day) in (
          select shop_id, customer_id, day from campaign_days where day < ($1::timestamptz at time zone 'UTC')::date limit 5000
        )
        ",
        before.to_sqlx() as _,
    )
    .execute(pool)
    .await?;
    Ok(forgotten.rows_affected())
}
