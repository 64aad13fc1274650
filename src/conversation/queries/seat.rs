//! Who may see what.

use std::collections::HashMap;

use proto::GroupRole;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Address, address};
use crate::{
    conversation::{Seat, Time},
    error::Result,
    id::{ConversationId, UserId},
};

/// A conversation with one user's times of taking part in it.
pub(in crate::conversation) struct SeatRow {
    pub id: ConversationId,
    pub kind: String,
    pub shop_id: Option<Uuid>,
    pub person_a: Option<Uuid>,
    pub person_b: Option<Uuid>,
    pub number: i64,
    pub revision: i64,
    pub closed: bool,
    /// How far this user has read.
    pub read: i64,
    /// The first visible numbers of each time, rising.
    pub joined: Vec<i64>,
    /// The last ones; none: still in it.
    pub parted: Vec<Option<i64>>,
    /// In the time that is open.
    pub role: Option<i16>,
}

impl SeatRow {
    /// The seat, of one who answers for the shop in its customers' conversations if `serves` says so of it.
    pub(in crate::conversation) fn seat(self, serves: impl Fn(&Address) -> bool) -> Result<Seat> {
        let (shop, people) = (self.shop_id, (self.person_a, self.person_b));
        let address = address(self.id, &self.kind, shop, people.0, people.1)?;
        let times = self.joined.into_iter().zip(self.parted);
        let times = times.map(|(joined, left)| Time {
            joined: joined.cast_unsigned(),
            left: left.map(i64::cast_unsigned),
        });
        Ok(Seat {
            conversation: self.id,
            address,
            number: self.number.cast_unsigned(),
            revision: self.revision.cast_unsigned(),
            staff: matches!(address, Address::Shop { .. }) && serves(&address),
            times: times.collect(),
            role: GroupRole::try_from(i32::from(self.role.unwrap_or_default())).unwrap_or_default(),
            closed: self.closed,
            read: self.read.cast_unsigned(),
        })
    }
}

/// The rows for a user and these conversations; those that do not exist are passed over. The subquery hides how many there are: else the database would
/// find a better plan for one than for many, and plan anew each time.
pub(in crate::conversation) async fn seats(
    sql: &mut PgConnection,
    conversations: &[Uuid],
    user: UserId,
) -> sqlx::Result<Vec<SeatRow>> {
    sqlx::query_as!(
        SeatRow,
        r#"
        select
          c.id as "id: ConversationId", c.kind, c.shop_id, c.person_a, c.person_b, c.number, c.revision,
          c.closed_at is not null as "closed!", coalesce(r.number, 0) as "read!",
          coalesce(m.joined, '{}') as "joined!", coalesce(m.parted, '{}') as "parted!: Vec<Option<i64>>", m.role as "role?"
        from conversations c
        left join read_positions r on r.conversation_id = c.id and r.user_id = $2
        left join lateral (
          select
            array_agg(joined_number order by joined_number) as joined,
            array_agg(left_number order by joined_number) as parted,
            max(role) filter (where left_number is null) as role
          from memberships
          where conversation_id = c.id and user_id = $2
        ) m on true
        where c.id = any ((select $1::uuid[])::uuid[])
        "#,
        conversations,
        user.0,
    )
    .fetch_all(sql)
    .await
}

/// Which of these people take part in it: true, or have: false.
pub(in crate::conversation) async fn taking_part(
    sql: &mut PgConnection,
    conversation: ConversationId,
    people: &[UserId],
) -> sqlx::Result<HashMap<UserId, bool>> {
    let people: Vec<Uuid> = people.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        select user_id as "user: UserId", bool_or(left_number is null) as "present!"
        from memberships
        where conversation_id = $1 and user_id = any ((select $2::uuid[])::uuid[])
        group by user_id
        "#,
        conversation.0,
        &people,
    )
    .fetch_all(sql)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.user, row.present))
        .collect())
}
