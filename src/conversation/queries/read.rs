//! How far people have read.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::id::{ConversationId, UserId};

/// Moves a watermark forward; false where it stands there or further already. The statement decides: of two devices at
/// once, the one that has read further wins.
pub(in crate::conversation) async fn move_on(
    sql: &mut PgConnection,
    conversation: ConversationId,
    user: UserId,
    number: u64,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into read_positions (conversation_id, user_id, number, at)
         select $1::uuid, $2::uuid, $3::bigint, $4::timestamptz
         where $3::bigint > 0
         on conflict (conversation_id, user_id) do update set number = excluded.number, at = excluded.at
         where read_positions.number < excluded.number",
        conversation.0,
        user.0,
        number.cast_signed(),
        now.to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Who has read a message.
pub(in crate::conversation) struct Readers {
    pub count: i64,
    pub members: i64,
    pub first: Vec<Uuid>,
}

/// Of those who are in the conversation now, were when the message was said and did not say it.
pub(in crate::conversation) async fn readers(
    sql: &mut PgConnection,
    conversation: ConversationId,
    number: u64,
) -> sqlx::Result<Readers> {
    sqlx::query_as!(
        Readers,
        r#"
        select
          count(*) filter (where r.number >= $2) as "count!", count(*) as "members!",
          coalesce((array_agg(m.user_id order by m.user_id) filter (where r.number >= $2))[1:100], '{}') as "first!"
        from memberships m
        join messages said on said.conversation_id = m.conversation_id and said.number = $2
        left join read_positions r on r.conversation_id = m.conversation_id and r.user_id = m.user_id
        where m.conversation_id = $1 and m.left_number is null and m.joined_number <= $2
          and m.user_id is distinct from said.sender_id
        "#,
        conversation.0,
        number.cast_signed(),
    )
    .fetch_one(sql)
    .await
}
