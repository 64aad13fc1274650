//! Every statement about files.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

use super::{Carrier, File};
use crate::{
    error::Result,
    id::{ConversationId, FileId, ShopId, UserId},
    store::Tx,
};

/// Bytes of all files of a user.
pub(super) async fn used(sql: impl PgExecutor<'_>, owner: UserId) -> sqlx::Result<u64> {
    let bytes = sqlx::query_scalar!("select bytes from file_usage where owner_id = $1", owner.0)
        .fetch_optional(sql)
        .await?;
    Ok(bytes.unwrap_or_default().unsigned_abs())
}

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

/// The conversations in which a message carries a file. Goes from one to the next by the index, for a file may be sent to
/// one conversation many times.
pub(super) async fn carried_in(
    sql: impl PgExecutor<'_>,
    file: FileId,
) -> sqlx::Result<Vec<ConversationId>> {
    sqlx::query_scalar!(
        r#"
        with recursive carried as (
          (select conversation_id from file_grants where file_id = $1 order by conversation_id limit 1)
          union all
          select (
            select g.conversation_id
            from file_grants g
            where g.file_id = $1 and g.conversation_id > c.conversation_id
            order by g.conversation_id
            limit 1)
          from carried c
          where c.conversation_id is not null
        )
        select conversation_id as "conversation!: ConversationId"
        from carried
        where conversation_id is not null
        "#,
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

/// Are all of these pictures of one person's?
pub(super) async fn all_owned(
    sql: impl PgExecutor<'_>,
    owner: UserId,
    pictures: &[FileId],
) -> sqlx::Result<bool> {
    let ids: Vec<_> = pictures.iter().map(|file| file.0).collect();
    sqlx::query_scalar!(
        r#"
        select not exists (
          select from unnest($2::uuid[]) as p (id)
          where not exists (select from files f where f.id = p.id and f.owner_id = $1 and f.kind = 'picture')
        ) as "all!"
        "#,
        owner.0,
        &ids,
    )
    .fetch_one(sql)
    .await
}

/// These messages carry these files from now on.
pub(super) async fn grant(sql: impl PgExecutor<'_>, carriers: &[Carrier]) -> sqlx::Result<()> {
    let files: Vec<_> = carriers.iter().map(|one| one.file.0).collect();
    let conversations: Vec<_> = carriers.iter().map(|one| one.conversation.0).collect();
    let numbers: Vec<_> = carriers.iter().map(|one| one.number).collect();
    sqlx::query!(
        "
        insert into file_grants (file_id, conversation_id, number)
        select file_id, conversation_id, number
        from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as f (file_id, conversation_id, number)
        on conflict do nothing
        ",
        &files,
        &conversations,
        &numbers,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// A message carries nothing any more.
pub(super) async fn withdraw(
    tx: &mut Tx,
    conversation: ConversationId,
    number: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from file_grants where conversation_id = $1 and number = $2",
        conversation.0,
        number,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Hangs pictures into the shop's window that `by` uploaded; do all of these hang there now?
pub(super) async fn exhibit(tx: &mut Tx, by: UserId, pictures: &[FileId]) -> Result<bool> {
    let (shop, pictures) = (
        tx.shop()?,
        pictures.iter().map(|file| file.0).collect::<Vec<_>>(),
    );
    sqlx::query!(
        "
        insert into exhibits (file_id, shop_id)
        select id, $1
        from files
        where id = any ($2) and owner_id = $3 and kind = 'picture'
        on conflict do nothing
        ",
        shop.0,
        &pictures,
        by.0,
    )
    .execute(tx.sql())
    .await?;
    let all = sqlx::query_scalar!(
        r#"
        select not exists (
          select from unnest($2::uuid[]) as p (id)
          where not exists (select from exhibits e where e.file_id = p.id and e.shop_id = $1)
        ) as "all!"
        "#,
        shop.0,
        &pictures,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(all)
}

/// Does it hang in a shop's window?
pub(super) async fn is_exhibited(sql: impl PgExecutor<'_>, file: FileId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from exhibits where file_id = $1) as "is_exhibited!""#,
        file.0,
    )
    .fetch_one(sql)
    .await
}
