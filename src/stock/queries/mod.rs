//! Every statement about stock.

pub(super) mod books;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

use super::{Left, Level, Units, adjust::Change, journal::Movement, open::Opening};
use crate::{
    clock::millis,
    error::Result,
    id::{HolderId, UserId, VariantId},
    store::Tx,
};

/// What a verb moves: how a unit changes the level and its holder's row.
pub(super) struct Move {
    kind: &'static str,
    on_hand: i64,
    held: i64,
    taken: i64,
    returned: i64,
}

impl Move {
    pub(super) const RELEASE: Self = Self {
        kind: "released",
        on_hand: 0,
        held: -1,
        taken: 0,
        returned: 0,
    };
    pub(super) const TAKE: Self = Self {
        kind: "taken",
        on_hand: -1,
        held: -1,
        taken: 1,
        returned: 0,
    };
    pub(super) const PUT_BACK: Self = Self {
        kind: "put_back",
        on_hand: 1,
        held: 0,
        taken: 0,
        returned: 1,
    };
}

/// Levels of new variants, and their first rows in the journal.
pub(super) async fn open(
    tx: &mut Tx,
    variants: &[(VariantId, Opening)],
    by: UserId,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        with opened as (
          insert into stock (variant_id, shop_id, on_hand, held, alert_below, alerted)
          select variant_id, $1, on_hand, 0, alert_below, coalesce(on_hand < alert_below, false)
          from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as v (variant_id, on_hand, alert_below)
          returning variant_id, on_hand
        )
        insert into stock_movements (shop_id, variant_id, kind, units, actor_id, at)
        select $1, variant_id, 'received', on_hand, $5, $6
        from opened
        where on_hand > 0
        ",
        shop.0,
        &variants.iter().map(|(variant, _)| variant.0).collect::<Vec<_>>(),
        &variants.iter().map(|(_, opening)| opening.on_hand).collect::<Vec<_>>(),
        &variants.iter().map(|(_, opening)| opening.alert_below).collect::<Vec<_>>() as &[Option<i64>],
        by.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Promises what there is enough of; a variant that is missing in the answer was not touched. The levels are locked in the order of
/// their ids, so that orders for the same goods wait for one another and never in a circle; a level that others have
/// changed meanwhile is judged as it is then.
pub(super) async fn hold(
    tx: &mut Tx,
    holder: HolderId,
    wanted: &BTreeMap<VariantId, u32>,
    by: Option<UserId>,
    now: Timestamp,
) -> Result<Vec<Left>> {
    let shop = tx.shop()?;
    let (variants, units) = arrays(wanted);
    let left = sqlx::query_as!(
        Left,
        r#"
        with wanted as materialized (
          select s.variant_id, w.units, s.alerted
          from unnest($3::uuid[], $4::bigint[]) as w (variant_id, units)
          join stock s on s.variant_id = w.variant_id and s.shop_id = $1
          order by s.variant_id
          for no key update of s
        ), level as (
          update stock s
          set held = s.held + w.units,
            alerted = s.alerted or coalesce(s.on_hand - s.held - w.units < s.alert_below, false)
          from wanted w
          where s.variant_id = w.variant_id and s.on_hand - s.held >= w.units
          returning s.variant_id, w.units, s.on_hand - s.held as available, s.alerted and not w.alerted as low
        ), promised as (
          insert into stock_holds as h (holder_id, variant_id, shop_id, held)
          select $2, variant_id, $1, units
          from level
          on conflict (holder_id, variant_id) do update
          set held = h.held + excluded.held
        ), noted as (
          insert into stock_movements (shop_id, variant_id, kind, units, holder_id, actor_id, at)
          select $1, variant_id, 'held', units, $2, $5, $6
          from level
        )
        select variant_id as "variant: VariantId", available as "available!", low as "low!"
        from level
        "#,
        shop.0,
        holder.0,
        &variants,
        &units,
        by.map(|by| by.0),
        now.to_sqlx() as _,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(left)
}

/// Moves what the holder has enough of; says for how many variants. Locks as [`hold`] does.
pub(super) async fn move_units(
    tx: &mut Tx,
    how: &Move,
    holder: HolderId,
    wanted: &BTreeMap<VariantId, u32>,
    by: Option<UserId>,
    now: Timestamp,
) -> Result<usize> {
    let shop = tx.shop()?;
    let (variants, units) = arrays(wanted);
    let moved = sqlx::query_scalar!(
        r#"
        with wanted as materialized (
          select s.variant_id, w.units
          from unnest($3::uuid[], $4::bigint[]) as w (variant_id, units)
          join stock s on s.variant_id = w.variant_id and s.shop_id = $1
          order by s.variant_id
          for no key update of s
        ), moved as (
          update stock_holds h
          set held = h.held + w.units * $8, taken = h.taken + w.units * $9, returned = h.returned + w.units * $10
          from wanted w
          where h.holder_id = $2 and h.variant_id = w.variant_id
            and h.held + w.units * $8 >= 0 and h.returned + w.units * $10 <= h.taken + w.units * $9
          returning h.variant_id, w.units
        ), level as (
          update stock s
          set on_hand = s.on_hand + m.units * $7, held = s.held + m.units * $8,
            alerted = s.alerted
              and not ($7 > 0 and coalesce(s.on_hand + m.units * $7 - s.held - m.units * $8 >= s.alert_below, true))
          from moved m
          where s.variant_id = m.variant_id
          returning s.variant_id, m.units
        ), noted as (
          insert into stock_movements (shop_id, variant_id, kind, units, holder_id, actor_id, at)
          select $1, variant_id, $11, units, $2, $5, $6
          from level
        )
        select variant_id as "variant: VariantId"
        from level
        "#,
        shop.0,
        holder.0,
        &variants,
        &units,
        by.map(|by| by.0),
        now.to_sqlx() as _,
        how.on_hand,
        how.held,
        how.taken,
        how.returned,
        how.kind,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(moved.len())
}

fn arrays(wanted: &BTreeMap<VariantId, u32>) -> (Vec<Uuid>, Vec<i64>) {
    wanted
        .iter()
        .map(|(variant, units)| (variant.0, i64::from(*units)))
        .unzip()
}

/// What a holder holds.
pub(super) async fn held(tx: &mut Tx, holder: HolderId) -> Result<Vec<Units>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select variant_id as "variant: VariantId", held
        from stock_holds
        where shop_id = $1 and holder_id = $2 and held > 0
        order by variant_id
        "#,
        shop.0,
        holder.0,
    )
    .fetch_all(tx.sql())
    .await?;
    let units = rows.into_iter().map(|row| Units {
        variant_id: row.variant,
        units: u32::try_from(row.held).unwrap_or(u32::MAX),
    });
    Ok(units.collect())
}

/// A level after it was adjusted.
pub(super) struct Adjusted {
    pub(super) level: Level,
    pub(super) left: Left,
    /// On hand before.
    pub(super) before: i64,
}

/// Changes what is on hand, if that leaves what is promised and is not absurd.
pub(super) async fn adjust(
    tx: &mut Tx,
    variant: VariantId,
    change: Change,
    note: &str,
    by: UserId,
    now: Timestamp,
) -> Result<Option<Adjusted>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        with was as materialized (
          select variant_id, on_hand, alerted,
            case $3 when 'counted' then $4 - on_hand when 'written_off' then - $4 else $4 end as more
          from stock
          where shop_id = $1 and variant_id = $2
          for no key update
        ), level as (
          update stock s
          set on_hand = s.on_hand + w.more, alerted = coalesce(s.on_hand + w.more - s.held < s.alert_below, false)
          from was w
          where s.variant_id = w.variant_id and s.on_hand + w.more between s.held and $8
          returning s.variant_id, s.on_hand, s.held, s.alert_below, w.more, w.on_hand as before,
            s.alerted and not w.alerted as low
        ), noted as (
          insert into stock_movements (shop_id, variant_id, kind, units, actor_id, note, at)
          select $1, variant_id, $3, case $3 when 'counted' then more else $4 end, $5, $6, $7
          from level
        )
        select on_hand, held, on_hand - held as "available!", alert_below, before as "before!", low as "low!"
        from level
        "#,
        shop.0,
        variant.0,
        change.kind(),
        change.units(),
        by.0,
        note,
        now.to_sqlx() as _,
        super::MOST,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(|row| Adjusted {
        level: Level {
            variant_id: variant,
            on_hand: row.on_hand,
            held: row.held,
            available: row.available,
            alert_below: row.alert_below,
        },
        left: Left {
            variant,
            available: row.available,
            low: row.low,
        },
        before: row.before,
    }))
}

/// A level.
pub(super) async fn level(tx: &mut Tx, variant: VariantId) -> Result<Option<Level>> {
    let shop = tx.shop()?;
    let level = sqlx::query_as!(
        Level,
        r#"
        select variant_id as "variant_id: VariantId", on_hand, held, on_hand - held as "available!", alert_below
        from stock
        where shop_id = $1 and variant_id = $2
        "#,
        shop.0,
        variant.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(level)
}

/// A level, held until the work ends.
pub(super) async fn lock(tx: &mut Tx, variant: VariantId) -> Result<Option<Level>> {
    let shop = tx.shop()?;
    sqlx::query!(
        "select from stock where shop_id = $1 and variant_id = $2 for no key update",
        shop.0,
        variant.0
    )
    .fetch_optional(tx.sql())
    .await?;
    level(tx, variant).await
}

/// Alert below this number. Who sets it sees what there is: they are not alerted to what is low already.
pub(super) async fn watch(tx: &mut Tx, variant: VariantId, below: Option<i64>) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update stock
        set alert_below = $3, alerted = coalesce(on_hand - held < $3, false)
        where shop_id = $1 and variant_id = $2
        ",
        shop.0,
        variant.0,
        below,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Variants' names for people: `连衣裙 S/粉色`.
pub(super) async fn names(
    tx: &mut Tx,
    variants: &[VariantId],
) -> Result<BTreeMap<VariantId, String>> {
    let shop = tx.shop()?;
    let ids: Vec<Uuid> = variants.iter().map(|variant| variant.0).collect();
    let names = sqlx::query!(
        r#"
        select v.id as "variant: VariantId", rtrim(p.title || ' ' || array_to_string(v.choice, '/')) as "name!"
        from variants v
        join products p on p.id = v.product_id
        where v.shop_id = $1 and v.id = any ($2)
        "#,
        shop.0,
        &ids,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(names
        .into_iter()
        .map(|row| (row.variant, row.name))
        .collect())
}

/// Rows of a variant's journal before `before`, the newest first.
pub(super) async fn movements(
    tx: &mut Tx,
    variant: VariantId,
    before: i64,
    limit: i64,
) -> Result<Vec<Movement>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select id, kind, units, holder_id as "holder: HolderId", actor_id as "actor: UserId", note,
          at as "at: jiff_sqlx::Timestamp"
        from stock_movements
        where shop_id = $1 and variant_id = $2 and id < $3
        order by id desc
        limit $4
        "#,
        shop.0,
        variant.0,
        before,
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    let rows = rows.into_iter().map(|row| Movement {
        id: row.id,
        kind: row.kind,
        units: row.units,
        holder_id: row.holder,
        actor_id: row.actor,
        note: row.note,
        at: millis(row.at.to_jiff()),
    });
    Ok(rows.collect())
}
