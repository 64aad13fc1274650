//! Where somebody stands in a conversation.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

use super::{Address, address, seat::SeatRow};
use crate::{
    actor::Permissions,
    conversation::standing::Standing,
    error::Result,
    id::{ConversationId, UserId},
};

/// Where a conversation's events go; nothing, if there is none.
pub(in crate::conversation) async fn address_of(
    sql: impl PgExecutor<'_>,
    conversation: ConversationId,
) -> Result<Option<Address>> {
    let row = sqlx::query!(
        "select kind, shop_id, person_a, person_b from conversations where id = $1",
        conversation.0
    )
    .fetch_optional(sql)
    .await?;
    row.map(|row| {
        address(
            conversation,
            &row.kind,
            row.shop_id,
            row.person_a,
            row.person_b,
        )
    })
    .transpose()
}

/// What a user may see and do in a conversation at this moment; nothing, if there is none.
pub(in crate::conversation) async fn standing(
    sql: impl PgExecutor<'_>,
    conversation: ConversationId,
    user: UserId,
    now: Timestamp,
) -> Result<Option<Standing>> {
    let row = sqlx::query!(
        r#"
        select
          c.kind, c.shop_id, c.person_a, c.person_b, c.number, c.revision, c.closed_at is not null as "closed!",
          coalesce(p.permissions, '{}') as "permissions!", b.user_id is not null as "banned!",
          coalesce(m.joined, '{}') as "joined!", coalesce(m.parted, '{}') as "parted!: Vec<Option<i64>>", m.role as "role?",
          coalesce(r.number, 0) as "read!",
          coalesce(m.muted_until > $3 or (c.all_muted and m.role = 1), false) as "muted!"
        from conversations c
        left join posts p on p.shop_id = c.shop_id and p.user_id = $2
        left join bans b on b.shop_id = c.shop_id and b.user_id = $2
        left join read_positions r on r.conversation_id = c.id and r.user_id = $2
        left join lateral (
          select
            array_agg(joined_number order by joined_number) as joined,
            array_agg(left_number order by joined_number) as parted,
            max(role) filter (where left_number is null) as role,
            max(muted_until) filter (where left_number is null) as muted_until
          from memberships
          where conversation_id = c.id and user_id = $2
        ) m on true
        where c.id = $1
        "#,
        conversation.0,
        user.0,
        now.to_sqlx() as _,
    )
    .fetch_optional(sql)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let permissions = Permissions::from_words(row.permissions);
    let seat = SeatRow {
        id: conversation,
        kind: row.kind,
        shop_id: row.shop_id,
        person_a: row.person_a,
        person_b: row.person_b,
        number: row.number,
        revision: row.revision,
        closed: row.closed,
        read: row.read,
        joined: row.joined,
        parted: row.parted,
        role: row.role,
    };
    let seat = seat.seat(|_| permissions.include(proto::Permission::Chat))?;
    Ok(Some(Standing {
        seat,
        permissions,
        muted: row.muted,
        banned: row.banned,
    }))
}
