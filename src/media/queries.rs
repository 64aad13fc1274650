//! Every statement about files.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

use super::File;
use crate::{
    id::{ConversationId, FileId, ShopId, UserId},
    store::Tx,
};

/// Takes room for a file; false when its owner has none left.
pub(super) async fn take_room(
    tx: &mut Tx,
    owner: UserId,
    size: i64,
    most: i64,
) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        "
        insert into file_usage (owner_id, bytes)
        select $1, $2::bigint
        where $2::bigint <= $3::bigint
        on conflict (owner_id) do update
        set bytes = file_usage.bytes + $2
        where file_usage.bytes + $2 <= $3
        ",
        owner.0,
        size,
        most,
    )
    .execute(tx.sql())
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Keeps what is known of a file.
pub(super) async fn add(
    tx: &mut Tx,
    file: &File,
    shop: Option<ShopId>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "
        insert into files (id, owner_id, shop_id, kind, name, media_type, size, width, height, thumbnail_id, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ",
        file.id.0,
        file.owner.0,
        shop.map(|shop| shop.0),
        file.kind,
        file.name,
        file.media_type,
        file.size,
        file.width,
        file.height,
        file.thumbnail.map(|thumbnail| thumbnail.0),
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A file by its own id or by its thumbnail's, and the shop in whose folder it lies.
pub(super) async fn file_and_home(
    sql: impl PgExecutor<'_>,
    id: FileId,
) -> sqlx::Result<Option<(File, Option<ShopId>)>> {
    let row = sqlx::query!(
        r#"
        select id as "id: FileId", owner_id as "owner: UserId", shop_id as "shop: ShopId", kind, name, media_type, size,
          width, height, thumbnail_id as "thumbnail: FileId"
        from files
        where id = $1 or thumbnail_id = $1
        "#,
        id.0,
    )
    .fetch_optional(sql)
    .await?;
    Ok(row.map(|row| {
        let file = File {
            id: row.id,
            owner: row.owner,
            kind: row.kind,
            name: row.name,
            media_type: row.media_type,
            size: row.size,
            width: row.width,
            height: row.height,
            thumbnail: row.thumbnail,
        };
        (file, row.shop)
    }))
}

/// The conversations whose participants may fetch a file.
pub(super) async fn granted(
    sql: impl PgExecutor<'_>,
    file: FileId,
) -> sqlx::Result<Vec<ConversationId>> {
    sqlx::query_scalar!(
        r#"select conversation_id as "conversation: ConversationId" from file_grants where file_id = $1"#,
        file.0,
    )
    .fetch_all(sql)
    .await
}

/// Is it its owner's avatar now?
pub(super) async fn is_avatar(sql: impl PgExecutor<'_>, file: &File) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from users where id = $1 and avatar = $2) as "is_avatar!""#,
        file.owner.0,
        file.id.0,
    )
    .fetch_one(sql)
    .await
}

/// The participants of these conversations may fetch these files from now on.
pub(super) async fn grant(
    sql: impl PgExecutor<'_>,
    carried: &[(FileId, ConversationId)],
) -> sqlx::Result<()> {
    sqlx::query!(
        "
        insert into file_grants (file_id, conversation_id)
        select file_id, conversation_id
        from unnest($1::uuid[], $2::uuid[]) as f (file_id, conversation_id)
        on conflict do nothing
        ",
        &carried.iter().map(|(file, _)| file.0).collect::<Vec<_>>(),
        &carried
            .iter()
            .map(|(_, conversation)| conversation.0)
            .collect::<Vec<_>>(),
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// The participants of a conversation may no longer fetch these files.
pub(super) async fn withdraw(
    tx: &mut Tx,
    files: &[FileId],
    conversation: ConversationId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from file_grants where conversation_id = $1 and file_id = any ($2)",
        conversation.0,
        &files.iter().map(|file| file.0).collect::<Vec<_>>(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
