//! Claims that look made up: counted, marked, held.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};

use super::super::{batch::Batch, watch::Watch};
use crate::{
    error::Result,
    id::{ClaimBatchId, CouponTemplateId, UserId},
    store::Tx,
};

/// What the shop goes by, if it has said so.
pub(in crate::coupon) async fn watch(tx: &mut Tx) -> Result<Option<Watch>> {
    let shop = tx.shop()?;
    let watch = sqlx::query_as!(
        Watch,
        "select accounts, minutes, young_minutes, hold from claim_watches where shop_id = $1",
        shop.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(watch)
}

/// From now on.
pub(in crate::coupon) async fn set_watch(tx: &mut Tx, watch: &Watch) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into claim_watches (shop_id, accounts, minutes, young_minutes, hold)
        values ($1, $2, $3, $4, $5)
        on conflict (shop_id) do update
        set accounts = excluded.accounts, minutes = excluded.minutes, young_minutes = excluded.young_minutes, hold = excluded.hold
        ",
        shop.0,
        watch.accounts,
        watch.minutes,
        watch.young_minutes,
        watch.hold,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The batch that claims of a template belong to now, and whether it holds them: nobody has decided, and its last is not long ago. It is
/// locked.
pub(in crate::coupon) async fn open_batch(
    tx: &mut Tx,
    template: CouponTemplateId,
    watch: &Watch,
    now: Timestamp,
) -> Result<Option<(ClaimBatchId, bool)>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select id as "id: ClaimBatchId", hold
        from claim_batches
        where shop_id = $1 and template_id = $2 and decided_at is null
          and last_at > $4::timestamptz - make_interval(mins => $3)
        order by nth desc
        limit 1
        for update
        "#,
        shop.0,
        template.0,
        watch.minutes,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(|row| (row.id, row.hold)))
}

/// Young accounts with unmarked coupons of a template that were claimed lately.
pub(in crate::coupon) async fn young_claimants(
    tx: &mut Tx,
    template: CouponTemplateId,
    watch: &Watch,
    now: Timestamp,
) -> Result<i64> {
    let shop = tx.shop()?;
    let accounts = sqlx::query_scalar!(
        r#"
        select count(distinct c.customer_id) as "accounts!"
        from coupons c
        join users u on u.id = c.customer_id
        where c.shop_id = $1 and c.template_id = $2 and c.batch_id is null and c.source <> 'staff'
          and c.claimed_at > $5::timestamptz - make_interval(mins => $3)
          and u.created_at >= c.claimed_at - make_interval(mins => $4)
        "#,
        shop.0,
        template.0,
        watch.minutes,
        watch.young_minutes,
        now.to_sqlx() as _,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(accounts)
}

/// The number of the template's next batch.
pub(in crate::coupon) async fn next_batch(tx: &mut Tx, template: CouponTemplateId) -> Result<i32> {
    let shop = tx.shop()?;
    let next = sqlx::query_scalar!(
        r#"select coalesce(max(nth), 0) + 1 as "next!" from claim_batches where shop_id = $1 and template_id = $2"#,
        shop.0,
        template.0,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(next)
}

/// A new batch of this number. False: somebody has just begun it.
pub(in crate::coupon) async fn begin_batch(
    tx: &mut Tx,
    template: CouponTemplateId,
    (batch, nth): (ClaimBatchId, i32),
    hold: bool,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let begun = sqlx::query!(
        "
        insert into claim_batches (id, shop_id, template_id, nth, coupons, hold, began_at, last_at)
        values ($3, $1, $2, $6, 0, $4, $5, $5)
        on conflict do nothing
        ",
        shop.0,
        template.0,
        batch.0,
        hold,
        now.to_sqlx() as _,
        nth,
    )
    .execute(tx.sql())
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// Marks the young accounts' coupons as of this batch, and holds them if it does: those that are on no order. Says how many. The batch is
/// locked.
pub(in crate::coupon) async fn mark(
    tx: &mut Tx,
    template: CouponTemplateId,
    (batch, hold): (ClaimBatchId, bool),
    watch: &Watch,
    now: Timestamp,
) -> Result<i64> {
    let shop = tx.shop()?;
    let marked = sqlx::query_scalar!(
        r#"
        with marked as (
          update coupons c
          set batch_id = $3, state = case when $4 and c.state = 'usable' then 'held' else c.state end
          from users u
          where c.shop_id = $1 and c.template_id = $2 and c.batch_id is null and c.source <> 'staff' and u.id = c.customer_id
            and c.claimed_at > $7::timestamptz - make_interval(mins => $5)
            and u.created_at >= c.claimed_at - make_interval(mins => $6)
          returning c.id
        )
        update claim_batches b
        set coupons = b.coupons + m.coupons, last_at = case when m.coupons > 0 then greatest(b.last_at, $7) else b.last_at end
        from (select count(*)::integer as coupons from marked) m
        where b.shop_id = $1 and b.id = $3
        returning m.coupons as "coupons!"
        "#,
        shop.0,
        template.0,
        batch.0,
        hold,
        watch.minutes,
        watch.young_minutes,
        now.to_sqlx() as _,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(marked.into())
}

/// The shop's batches before one, the newest first.
pub(in crate::coupon) async fn batches(
    tx: &mut Tx,
    before: Option<ClaimBatchId>,
    limit: i64,
) -> Result<Vec<Batch>> {
    some(tx, (None, before), limit).await
}

/// One of them.
pub(in crate::coupon) async fn batch(tx: &mut Tx, batch: ClaimBatchId) -> Result<Option<Batch>> {
    Ok(some(tx, (Some(batch), None), 1).await?.pop())
}

async fn some(
    tx: &mut Tx,
    (only, before): (Option<ClaimBatchId>, Option<ClaimBatchId>),
    limit: i64,
) -> Result<Vec<Batch>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select b.id as "id: ClaimBatchId", b.template_id as "template_id: CouponTemplateId", b.coupons::bigint as "coupons!",
          (select count(*) from coupons c where c.batch_id = b.id and c.state = 'held') as "held!",
          b.began_at as "began_at: SqlTimestamp", b.last_at as "last_at: SqlTimestamp", b.decided_at as "decided_at: SqlTimestamp",
          b.decided_by as "decided_by: UserId", b.released
        from claim_batches b
        where b.shop_id = $1 and ($2::uuid is null or b.id = $2) and ($3::uuid is null or b.id < $3)
        order by b.id desc
        limit $4
        "#,
        shop.0,
        only.map(|id| id.0),
        before.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    let batches = rows.into_iter().map(|row| Batch {
        id: row.id,
        template_id: row.template_id,
        coupons: row.coupons,
        held: row.held,
        began_at: row.began_at.to_jiff(),
        last_at: row.last_at.to_jiff(),
        decided_at: row.decided_at.map(SqlTimestamp::to_jiff),
        decided_by: row.decided_by,
        released: row.released,
    });
    Ok(batches.collect())
}

/// Somebody has decided. False: there is no such batch, or it was decided before.
pub(in crate::coupon) async fn decide(
    tx: &mut Tx,
    batch: ClaimBatchId,
    (by, release): (UserId, bool),
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let decided = sqlx::query!(
        "
        update claim_batches
        set decided_at = $5, decided_by = $3, released = $4
        where shop_id = $1 and id = $2 and decided_at is null
        ",
        shop.0,
        batch.0,
        by.0,
        release,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(decided.rows_affected() == 1)
}

/// What it holds can be used. The batch is locked.
pub(in crate::coupon) async fn release_held(tx: &mut Tx, batch: ClaimBatchId) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update coupons set state = 'usable' where shop_id = $1 and batch_id = $2 and state = 'held'",
        shop.0,
        batch.0,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
