//! Statements that compare what is kept with the journal.

use sqlx::PgConnection;

use crate::id::{HolderId, VariantId};

/// A level that is not what its journal says.
pub(in crate::stock) struct WrongLevel {
    pub(in crate::stock) variant: VariantId,
    pub(in crate::stock) on_hand: i64,
    pub(in crate::stock) held: i64,
    pub(in crate::stock) journal_on_hand: i64,
    pub(in crate::stock) journal_held: i64,
}

/// All of them, in all shops.
pub(in crate::stock) async fn wrong_levels(
    sql: &mut PgConnection,
) -> sqlx::Result<Vec<WrongLevel>> {
    sqlx::query_as!(
        WrongLevel,
        r#"
        with journal as (
          select variant_id,
            sum(case when kind in ('received', 'counted', 'put_back') then units
              when kind in ('written_off', 'taken') then - units else 0 end)::bigint as on_hand,
            sum(case kind when 'held' then units when 'released' then - units when 'taken' then - units else 0 end)::bigint as held
          from stock_movements
          group by variant_id
        )
        select coalesce(s.variant_id, j.variant_id) as "variant!: VariantId", coalesce(s.on_hand, 0) as "on_hand!",
          coalesce(s.held, 0) as "held!", coalesce(j.on_hand, 0) as "journal_on_hand!", coalesce(j.held, 0) as "journal_held!"
        from stock s
        full join journal j on j.variant_id = s.variant_id
        where (coalesce(s.on_hand, 0), coalesce(s.held, 0)) is distinct from (coalesce(j.on_hand, 0), coalesce(j.held, 0))
        order by 1
        "#
    )
    .fetch_all(sql)
    .await
}

/// A holder's row that is not what the journal says: held, taken, returned.
pub(in crate::stock) struct WrongHold {
    pub(in crate::stock) variant: VariantId,
    pub(in crate::stock) holder: HolderId,
    pub(in crate::stock) kept: Vec<i64>,
    pub(in crate::stock) journal: Vec<i64>,
}

/// All of them, in all shops.
pub(in crate::stock) async fn wrong_holds(sql: &mut PgConnection) -> sqlx::Result<Vec<WrongHold>> {
    sqlx::query_as!(
        WrongHold,
        r#"
        with journal as (
          select holder_id, variant_id, array[
            sum(case kind when 'held' then units when 'put_back' then 0 else - units end)::bigint,
            sum(units) filter (where kind = 'taken')::bigint,
            sum(units) filter (where kind = 'put_back')::bigint
          ] as units
          from stock_movements
          where holder_id is not null
          group by holder_id, variant_id
        ), both_sides as (
          select coalesce(h.variant_id, j.variant_id) as variant_id, coalesce(h.holder_id, j.holder_id) as holder_id,
            array[coalesce(h.held, 0), coalesce(h.taken, 0), coalesce(h.returned, 0)] as kept,
            array[coalesce(j.units[1], 0), coalesce(j.units[2], 0), coalesce(j.units[3], 0)] as journal
          from stock_holds h
          full join journal j on j.holder_id = h.holder_id and j.variant_id = h.variant_id
        )
        select variant_id as "variant!: VariantId", holder_id as "holder!: HolderId", kept as "kept!", journal as "journal!"
        from both_sides
        where kept is distinct from journal
        order by 1, 2
        "#
    )
    .fetch_all(sql)
    .await
}
