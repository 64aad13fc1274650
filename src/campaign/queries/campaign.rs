//! Campaigns: planned, started, over.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgPool, types::Json};

use crate::{
    campaign::{Campaign, Plan, State, launch::Size},
    crm::condition::Condition,
    error::Result,
    id::{CampaignId, ShopId, UserId},
    store::Tx,
};

/// A new campaign. False: so many wait or are under way already.
pub(in crate::campaign) async fn add(
    tx: &mut Tx,
    campaign: &Campaign,
    plan: &Plan,
    by: UserId,
    (most, now): (i64, Timestamp),
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        insert into campaigns (id, shop_id, kind, name, state, plan, starts_at, created_by, created_at)
        select $1, $2, 'sent', $3, 'scheduled', $4, $5, $6, $7
        where (select count(*) from campaigns where shop_id = $2 and state in ('scheduled', 'sending')) < $8
        ",
        campaign.id.0,
        shop.0,
        campaign.name,
        Json(plan) as _,
        campaign.starts_at.to_sqlx() as _,
        by.0,
        now.to_sqlx() as _,
        most,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// How many each layer has, by the rule that the first one counts; one statement.
pub(in crate::campaign) async fn sizes(
    tx: &mut Tx,
    plan: &Plan,
    now: Timestamp,
) -> Result<Vec<Size>> {
    let shop = tx.shop()?;
    let sizes = sqlx::query_as!(
        Size,
        r#"
        with layers as (
          select l.layer, l.value -> 'condition' as condition
          from jsonb_array_elements($2::jsonb -> 'layers') with ordinality as l (value, layer)
        ),
        chosen as (
          select distinct on (m.id) m.id, l.layer
          from layers l
          cross join lateral segment_members($1, l.condition, $3) m (id)
          order by m.id, l.layer
        ),
        judged as (
          select h.layer, h.id, c.opted_out_at is not null as opted_out, b.user_id is not null as banned,
            coalesce(d.sent >= coalesce(r.per_day, 3), false) as had_enough
          from chosen h
          join shops s on s.id = $1
          join customers c on c.shop_id = s.id and c.user_id = h.id
          left join bans b on b.shop_id = s.id and b.user_id = h.id
          left join campaign_rules r on r.shop_id = s.id
          left join campaign_days d on d.shop_id = s.id and d.customer_id = h.id and d.day = ($3 at time zone s.time_zone)::date
        )
        select count(j.id) as "customers!", count(*) filter (where j.opted_out) as "opted_out!",
          count(*) filter (where j.banned and not j.opted_out) as "banned!",
          count(*) filter (where j.had_enough and not j.banned and not j.opted_out) as "had_enough!"
        from layers l
        left join judged j on j.layer = l.layer
        group by l.layer
        order by l.layer
        "#,
        shop.0,
        Json(plan) as _,
        now.to_sqlx() as _,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(sizes)
}

/// The name of the first who meets a condition.
pub(in crate::campaign) async fn first_name(
    tx: &mut Tx,
    condition: &Condition,
    now: Timestamp,
) -> Result<Option<String>> {
    let shop = tx.shop()?;
    let name = sqlx::query_scalar!(
        "select u.name from segment_members($1, $2, $3) m (id) join users u on u.id = m.id order by u.id limit 1",
        shop.0,
        Json(condition) as _,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(name)
}

/// Those whose time has come.
pub(in crate::campaign) async fn to_start(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Vec<(ShopId, CampaignId)>> {
    let rows = sqlx::query!(
        r#"
        select shop_id as "shop: ShopId", id as "id: CampaignId"
        from campaigns
        where state = 'scheduled' and starts_at <= $1
        order by starts_at
        limit $2
        "#,
        now.to_sqlx() as _,
        most,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.id)).collect())
}

/// Starts one, and fixes who hears it: one statement, of one snapshot. A second time nothing happens.
pub(in crate::campaign) async fn start(
    tx: &mut Tx,
    campaign: CampaignId,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        with begun as (
          update campaigns
          set state = 'sending', started_at = $3
          where shop_id = $1 and id = $2 and state = 'scheduled' and starts_at <= $3
          returning plan
        ),
        chosen as (
          select distinct on (m.id) m.id, l.layer - 1 as layer
          from begun b
          cross join lateral jsonb_array_elements(b.plan -> 'layers') with ordinality as l (value, layer)
          cross join lateral segment_members($1, l.value -> 'condition', $3) m (id)
          order by m.id, l.layer
        )
        insert into campaign_recipients (campaign_id, shop_id, customer_id, place, layer)
        select $2::uuid, $1::uuid, id, row_number() over (order by id), layer
        from chosen
        ",
        shop.0,
        campaign.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Those with something left to be said, outside of their shop's quiet hours.
pub(in crate::campaign) async fn under_way(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Vec<(ShopId, CampaignId)>> {
    let rows = sqlx::query!(
        r#"
        select c.shop_id as "shop: ShopId", c.id as "id: CampaignId"
        from campaigns c
        join shops s on s.id = c.shop_id
        left join campaign_rules r on r.shop_id = c.shop_id
        cross join lateral (
          select ($1 at time zone s.time_zone)::time as wall, coalesce(r.quiet_from, '22:00') as quiet_from,
            coalesce(r.quiet_until, '08:00') as quiet_until
        ) q
        where c.state = 'sending'
          and not case
            when q.quiet_from <= q.quiet_until then q.wall >= q.quiet_from and q.wall < q.quiet_until
            else q.wall >= q.quiet_from or q.wall < q.quiet_until
          end
        order by c.id
        limit $2
        "#,
        now.to_sqlx() as _,
        most,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.id)).collect())
}

/// Who hears what.
pub(in crate::campaign) async fn plan(
    pool: &PgPool,
    shop: ShopId,
    campaign: CampaignId,
) -> Result<Option<Plan>> {
    let plan = sqlx::query_scalar!(
        r#"select plan as "plan: Json<Plan>" from campaigns where shop_id = $1 and id = $2"#,
        shop.0,
        campaign.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(plan.map(|plan| plan.0))
}

/// It is done, if nobody is left who could hear it.
pub(in crate::campaign) async fn end(
    tx: &mut Tx,
    campaign: CampaignId,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update campaigns
        set state = 'done', ended_at = $3
        where shop_id = $1 and id = $2 and state = 'sending'
          and not exists (select from campaign_recipients where campaign_id = $2 and state = 'waiting')
          and not exists (select from campaign_groups where campaign_id = $2 and state = 'waiting')
        ",
        shop.0,
        campaign.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// It is stopped. False: it was over before.
pub(in crate::campaign) async fn stop(
    tx: &mut Tx,
    campaign: CampaignId,
    because: &str,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let stopped = sqlx::query!(
        "
        update campaigns
        set state = 'stopped', ended_at = $4, stopped_because = $3
        where shop_id = $1 and id = $2 and state in ('scheduled', 'sending')
        ",
        shop.0,
        campaign.0,
        because,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(stopped.rows_affected() == 1)
}

macro_rules! campaign {
    ($row:expr) => {
        Campaign {
            id: $row.id,
            recall: $row.recall,
            name: $row.name,
            state: $row.state,
            starts_at: $row.starts_at.to_jiff(),
            started_at: $row.started_at.map(SqlTimestamp::to_jiff),
            ended_at: $row.ended_at.map(SqlTimestamp::to_jiff),
            stopped_because: $row.stopped_because,
        }
    };
}

/// A campaign of the shop.
pub(in crate::campaign) async fn campaign(
    tx: &mut Tx,
    campaign: CampaignId,
) -> Result<Option<Campaign>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select id as "id: CampaignId", kind = 'recall' as "recall!", name, state as "state: State", starts_at as "starts_at: SqlTimestamp",
          started_at as "started_at: SqlTimestamp", ended_at as "ended_at: SqlTimestamp", stopped_because
        from campaigns
        where shop_id = $1 and id = $2
        "#,
        shop.0,
        campaign.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(|row| campaign!(row)))
}

/// The shop's campaigns, the newest first.
pub(in crate::campaign) async fn campaigns(
    tx: &mut Tx,
    before: Option<CampaignId>,
    limit: i64,
) -> Result<Vec<Campaign>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select id as "id: CampaignId", kind = 'recall' as "recall!", name, state as "state: State", starts_at as "starts_at: SqlTimestamp",
          started_at as "started_at: SqlTimestamp", ended_at as "ended_at: SqlTimestamp", stopped_because
        from campaigns
        where shop_id = $1 and ($2::uuid is null or id < $2)
        order by id desc
        limit $3
        "#,
        shop.0,
        before.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows.into_iter().map(|row| campaign!(row)).collect())
}
