//! Notes on customers, and whose time has come.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgPool;

use crate::{
    crm::follow_up::{Due, FollowUp},
    error::Result,
    id::{ConversationId, FollowUpId, ShopId, UserId},
    store::Tx,
};

/// A new note. False: the shop knows no such customer.
pub(in crate::crm) async fn add_follow_up(
    tx: &mut Tx,
    customer: UserId,
    note: &FollowUp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        insert into follow_ups (id, shop_id, customer_id, author_id, content, due_at, created_at)
        select $1, shop_id, user_id, $4, $5, $6, $7
        from customers
        where shop_id = $2 and user_id = $3
        ",
        note.id.0,
        shop.0,
        customer.0,
        note.author_id.0,
        note.content,
        note.due_at.map(ToSqlx::to_sqlx) as _,
        note.created_at.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// The notes on a customer, the newest first.
pub(in crate::crm) async fn follow_ups(
    tx: &mut Tx,
    customer: UserId,
    before: Option<FollowUpId>,
    limit: i64,
) -> Result<Vec<FollowUp>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select id as "id: FollowUpId", author_id as "author: UserId", content, due_at as "due: SqlTimestamp",
          reminded_at as "reminded: SqlTimestamp", done_at as "done: SqlTimestamp", created_at as "created: SqlTimestamp"
        from follow_ups
        where shop_id = $1 and customer_id = $2 and ($3::uuid is null or id < $3)
        order by id desc
        limit $4
        "#,
        shop.0,
        customer.0,
        before.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    let notes = rows.into_iter().map(|row| FollowUp {
        id: row.id,
        author_id: row.author,
        content: row.content,
        due_at: row.due.map(SqlTimestamp::to_jiff),
        reminded_at: row.reminded.map(SqlTimestamp::to_jiff),
        done_at: row.done.map(SqlTimestamp::to_jiff),
        created_at: row.created.to_jiff(),
    });
    Ok(notes.collect())
}

/// False: there is no such note.
pub(in crate::crm) async fn follow_up_done(
    tx: &mut Tx,
    customer: UserId,
    note: FollowUpId,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let done = sqlx::query!(
        "update follow_ups set done_at = coalesce(done_at, $4) where shop_id = $1 and customer_id = $2 and id = $3",
        shop.0,
        customer.0,
        note.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes whose time has come.
pub(in crate::crm) async fn follow_ups_due(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Vec<(ShopId, FollowUpId)>> {
    let rows = sqlx::query!(
        r#"
        select shop_id as "shop: ShopId", id as "id: FollowUpId"
        from follow_ups
        where due_at <= $1 and reminded_at is null and done_at is null
        order by due_at
        limit $2
        "#,
        now.to_sqlx() as _,
        most,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.shop, row.id)).collect())
}

/// Its author is reminded now; nothing: somebody else has done it, or it is not needed any more.
pub(in crate::crm) async fn remind(
    tx: &mut Tx,
    note: FollowUpId,
    now: Timestamp,
) -> Result<Option<Due>> {
    let shop = tx.shop()?;
    let due = sqlx::query_as!(
        Due,
        r#"
        update follow_ups f
        set reminded_at = $3
        from users u
        where f.shop_id = $1 and f.id = $2 and f.reminded_at is null and f.done_at is null and f.due_at <= $3
          and u.id = f.customer_id
        returning f.customer_id as "customer: UserId", u.name, f.author_id as "author: UserId", f.content,
          (select c.id from conversations c where c.kind = 'shop' and c.shop_id = f.shop_id and c.person_a = f.customer_id)
            as "conversation: ConversationId",
          exists (
            select from posts p where p.shop_id = f.shop_id and p.user_id = f.author_id and 'chat' = any (p.permissions)
          ) as "here!"
        "#,
        shop.0,
        note.0,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(due)
}
