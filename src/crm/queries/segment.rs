//! Segments, and who is in them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::types::Json;

use crate::{
    crm::{
        condition::Condition,
        segment::{Member, Segment},
    },
    error::Result,
    id::{SegmentId, UserId},
    store::Tx,
};

/// A new segment. False: there are so many already.
pub(in crate::crm) async fn add_segment(
    tx: &mut Tx,
    segment: &Segment,
    by: UserId,
    most: i64,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        insert into segments (id, shop_id, name, condition, created_by, created_at)
        select $1, $2, $3, $4, $5, $6
        where (select count(*) from segments where shop_id = $2) < $7
        ",
        segment.id.0,
        shop.0,
        segment.name,
        Json(&segment.condition) as _,
        by.0,
        now.to_sqlx() as _,
        most,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Gone.
pub(in crate::crm) async fn remove_segment(tx: &mut Tx, segment: SegmentId) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "delete from segments where shop_id = $1 and id = $2",
        shop.0,
        segment.0
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A segment of the shop.
pub(in crate::crm) async fn segment(tx: &mut Tx, segment: SegmentId) -> Result<Option<Segment>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"select name, condition as "condition: Json<Condition>" from segments where shop_id = $1 and id = $2"#,
        shop.0,
        segment.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(|row| Segment {
        id: segment,
        name: row.name,
        condition: row.condition.0,
    }))
}

/// All of the shop's segments.
pub(in crate::crm) async fn segments(tx: &mut Tx) -> Result<Vec<Segment>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select id as "id: SegmentId", name, condition as "condition: Json<Condition>"
        from segments
        where shop_id = $1
        order by name
        "#,
        shop.0,
    )
    .fetch_all(tx.sql())
    .await?;
    let segments = rows.into_iter().map(|row| Segment {
        id: row.id,
        name: row.name,
        condition: row.condition.0,
    });
    Ok(segments.collect())
}

/// How many meet a condition, and some of them: one statement.
pub(in crate::crm) async fn members(
    tx: &mut Tx,
    condition: &Condition,
    after: Option<UserId>,
    limit: i64,
    now: Timestamp,
) -> Result<(i64, Vec<Member>)> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        with members as materialized (
          select id from segment_members($1, $2, $3) as m (id)
        ),
        listed as (
          select u.id, u.name
          from members m
          join users u on u.id = m.id
          where $4::uuid is null or u.id > $4
          order by u.id
          limit $5
        )
        select n.count as "count!", s.id as "user?: UserId", s.name as "name?"
        from (select count(*) from members) n
        left join listed s on true
        order by s.id
        "#,
        shop.0,
        Json(condition) as _,
        now.to_sqlx() as _,
        after.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    let count = rows.first().map_or(0, |row| row.count);
    let member = |row: (Option<UserId>, Option<String>)| {
        let (user_id, name) = row.0.zip(row.1)?;
        Some(Member { user_id, name })
    };
    let members = rows.into_iter().map(|row| (row.user, row.name));
    Ok((count, members.filter_map(member).collect()))
}
