//! Every statement about groups. The writing ones need the conversation's lock ([`lock`]).

mod invites;
mod members;
mod requests;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use proto::GroupRole;
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

pub(super) use invites::*;
pub(super) use members::*;
pub(super) use requests::*;

use super::{Power, hold::Group};
use crate::{
    actor::{ManageGroups, Permissions, Staff},
    error::Result,
    id::{ConversationId, ShopId, UserId},
    rights,
    store::Tx,
};

/// A role as the database has it.
pub(super) fn role(number: Option<i16>) -> GroupRole {
    GroupRole::try_from(i32::from(number.unwrap_or_default())).unwrap_or_default()
}

/// The shop that a group belongs to.
pub(super) async fn shop_of(pool: &PgPool, group: ConversationId) -> Result<Option<ShopId>> {
    let shop = sqlx::query_scalar!(
        r#"select shop_id as "shop: ShopId" from groups where conversation_id = $1"#,
        group.0
    );
    Ok(shop.fetch_optional(pool).await?)
}

/// Takes the lock that everything said and changed in the group takes, with the shop's posts as they are now.
pub(super) async fn lock(tx: &mut Tx, group: ConversationId) -> Result<()> {
    rights::rely_on_posts(tx).await?;
    let shop = tx.shop()?;
    sqlx::query!(
        "select 1 as one from conversations where id = $1 and shop_id = $2 for no key update",
        group.0,
        shop.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(())
}

/// A group, this person's place in it, and what they may do there by that and by their post, at this moment.
pub(super) async fn group(
    sql: impl PgExecutor<'_>,
    group: ConversationId,
    user: UserId,
) -> Result<Option<Group>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        select g.conversation_id as "id: ConversationId", g.shop_id as "shop: ShopId", g.name, g.announcement, g.join_approval,
          g.members, c.all_muted, c.closed_at is not null as "closed!", m.role as "role?",
          m.muted_until as "muted_until?: jiff_sqlx::Timestamp", coalesce(p.permissions, '{}') as "permissions!"
        from groups g
        join conversations c on c.id = g.conversation_id
        left join memberships m on m.conversation_id = g.conversation_id and m.user_id = $2 and m.left_number is null
        left join posts p on p.shop_id = g.shop_id and p.user_id = $2
        where g.conversation_id = $1
        "#,
        group.0,
        user.0,
    )
    .fetch_optional(sql)
    .await?;
    Ok(row.map(Row::stand))
}

/// The groups of a shop before `after`, the newest first.
pub(super) async fn groups(
    pool: &PgPool,
    staff: &Staff<ManageGroups>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Group>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select g.conversation_id as "id: ConversationId", g.shop_id as "shop: ShopId", g.name, g.announcement, g.join_approval,
          g.members, c.all_muted, c.closed_at is not null as "closed!", m.role as "role?",
          m.muted_until as "muted_until?: jiff_sqlx::Timestamp", coalesce(p.permissions, '{}') as "permissions!"
        from groups g
        join conversations c on c.id = g.conversation_id
        left join memberships m on m.conversation_id = g.conversation_id and m.user_id = $2 and m.left_number is null
        left join posts p on p.shop_id = g.shop_id and p.user_id = $2
        where g.shop_id = $1 and ($3::uuid is null or g.conversation_id < $3)
        order by g.conversation_id desc
        limit $4
        "#,
        staff.shop.0,
        staff.actor.user.0,
        after,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Row::stand).collect())
}

struct Row {
    id: ConversationId,
    shop: ShopId,
    name: String,
    announcement: String,
    join_approval: bool,
    members: i32,
    all_muted: bool,
    closed: bool,
    role: Option<i16>,
    muted_until: Option<jiff_sqlx::Timestamp>,
    permissions: Vec<String>,
}

impl Row {
    fn stand(self) -> Group {
        let role = role(self.role);
        Group {
            id: self.id,
            shop: self.shop,
            name: self.name,
            announcement: self.announcement,
            join_approval: self.join_approval,
            all_muted: self.all_muted,
            closed: self.closed,
            members: self.members,
            role,
            muted_until: self.muted_until.map(jiff_sqlx::Timestamp::to_jiff),
            power: Power::of(role, Permissions::from_words(self.permissions)),
        }
    }
}

/// Writes a new group, still without members. False: the shop, whose rights must be held, has `most` already.
pub(super) async fn create(
    tx: &mut Tx,
    group: &Group,
    maker: UserId,
    most: i64,
    now: Timestamp,
) -> Result<bool> {
    let now = now.to_sqlx();
    let begun = sqlx::query!(
        "
        insert into conversations (id, kind, shop_id, active_at, created_at)
        select $1, 'group', $2, clock_timestamp(), $3
        where (
          select count(*) from groups g
          join conversations c on c.id = g.conversation_id
          where g.shop_id = $2 and c.closed_at is null
        ) < $4
        ",
        group.id.0,
        group.shop.0,
        now as _,
        most,
    )
    .execute(tx.sql())
    .await?;
    if begun.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "
        insert into groups (conversation_id, shop_id, name, announcement, join_approval, created_by, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        ",
        group.id.0,
        group.shop.0,
        group.name,
        group.announcement,
        group.join_approval,
        maker.0,
        now as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(true)
}

/// Writes name, announcement, approval and muting.
pub(super) async fn change(tx: &mut Tx, group: &Group) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update groups set name = $3, announcement = $4, join_approval = $5 where conversation_id = $1 and shop_id = $2",
        group.id.0,
        shop.0,
        group.name,
        group.announcement,
        group.join_approval,
    )
    .execute(tx.sql())
    .await?;
    sqlx::query!(
        "update conversations set all_muted = $3 where id = $1 and shop_id = $2 and all_muted <> $3",
        group.id.0,
        shop.0,
        group.all_muted,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Nothing is said any more, and nobody comes in.
pub(super) async fn close(tx: &mut Tx, group: ConversationId, now: Timestamp) -> Result<()> {
    let (shop, now) = (tx.shop()?, now.to_sqlx());
    sqlx::query!(
        "update conversations set closed_at = $3 where id = $1 and shop_id = $2",
        group.0,
        shop.0,
        now as _,
    )
    .execute(tx.sql())
    .await?;
    sqlx::query!(
        "update invites set revoked_at = $2 where conversation_id = $1 and revoked_at is null",
        group.0,
        now as _,
    )
    .execute(tx.sql())
    .await?;
    sqlx::query!(
        "delete from join_requests where conversation_id = $1",
        group.0
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
