//! Who may see what.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::id::{ConversationId, UserId};

/// A conversation with one user's times of taking part in it.
pub(in crate::conversation) struct SeatRow {
    pub id: ConversationId,
    pub kind: String,
    pub shop: Option<Uuid>,
    pub person_a: Option<Uuid>,
    pub person_b: Option<Uuid>,
    pub number: i64,
    pub revision: i64,
    pub closed: bool,
    /// How far this user has read.
    pub read: i64,
    /// The first visible numbers of each time, rising.
    pub joined: Vec<i64>,
    /// The last ones; -1: still in it.
    pub left: Vec<i64>,
    /// In the time that is open; 0 without one.
    pub role: i32,
}

/// The rows for a user and these conversations; those that do not exist are passed over.
pub(in crate::conversation) async fn seats(
    sql: &mut PgConnection,
    conversations: &[Uuid],
    user: UserId,
) -> sqlx::Result<Vec<SeatRow>> {
    sqlx::query_as!(
        SeatRow,
        r#"
        select
          c.id as "id: ConversationId", c.kind, c.shop_id as shop, c.person_a, c.person_b, c.number, c.revision,
          c.closed_at is not null as "closed!", coalesce(r.number, 0) as "read!",
          coalesce(array_agg(m.joined_number order by m.joined_number) filter (where m.user_id is not null), '{}') as "joined!",
          coalesce(array_agg(coalesce(m.left_number, -1) order by m.joined_number) filter (where m.user_id is not null), '{}') as "left!",
          coalesce(max(m.role) filter (where m.left_number is null), 0) as "role!"
        from conversations c
        left join memberships m on m.conversation_id = c.id and m.user_id = $2
        left join read_positions r on r.conversation_id = c.id and r.user_id = $2
        where c.id = any ($1)
        group by c.id, r.number
        "#,
        conversations,
        user.0,
    )
    .fetch_all(sql)
    .await
}
