//! What somebody may see of a conversation: every reading verb asks here first.
//!
//! Whoever has neither taken part nor answers for the shop has no seat, and cannot tell the conversation from one that
//! does not exist. A message that may be seen is seen as it is now.

use std::collections::HashMap;

use proto::Permission;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Address, Seat, queries};
use crate::{
    actor::Actor,
    error::{Refusal, Result, refused_argument},
    id::{ConversationId, UserId},
};

/// Reads a conversation's id. Refuses with `invalid_argument` what is none.
pub(crate) fn conversation_id(text: &str) -> Result<ConversationId> {
    text.parse()
        .map_err(|_| refused_argument("conversation_id", "is not an id"))
}

/// The actor's seat. Refuses with `not_found` whoever has none.
pub(crate) async fn seat(
    sql: &mut PgConnection,
    actor: &Actor,
    conversation: ConversationId,
) -> Result<Seat> {
    let mut seats = seats(sql, actor, &[conversation]).await?;
    Ok(seats.remove(&conversation).ok_or(Refusal::NotFound)?)
}

/// The actor's seats in these conversations; where they have none is left out.
pub(crate) async fn seats(
    sql: &mut PgConnection,
    actor: &Actor,
    conversations: &[ConversationId],
) -> Result<HashMap<ConversationId, Seat>> {
    let ids: Vec<Uuid> = conversations.iter().map(|id| id.0).collect();
    let rows = queries::seat::seats(sql, &ids, actor.user).await?;
    let mut seats = HashMap::with_capacity(rows.len());
    let serves = |address: &Address| {
        let shop = address.shop();
        shop.is_some_and(|shop| actor.may(Permission::Chat, shop))
    };
    for row in rows {
        let seat = row.seat(serves)?;
        if seat.staff || !seat.times.is_empty() {
            seats.insert(seat.conversation, seat);
        }
    }
    Ok(seats)
}

/// Which of these people take part in the conversation (true), or have and do not any more (false); whoever never did is left out.
pub(crate) async fn taking_part(
    sql: &mut PgConnection,
    conversation: ConversationId,
    people: &[UserId],
) -> Result<HashMap<UserId, bool>> {
    Ok(queries::seat::taking_part(sql, conversation, people).await?)
}

impl Seat {
    /// What may be seen: ranges of numbers, both ends included, rising.
    pub fn ranges(&self) -> Vec<(u64, u64)> {
        if self.staff {
            return Vec::from_iter((self.number > 0).then_some((1, self.number)));
        }
        self.times
            .iter()
            .map(|time| {
                let last = time.left.unwrap_or(self.number).min(self.number);
                (time.joined.max(1), last)
            })
            .filter(|(first, last)| first <= last)
            .collect()
    }

    /// The next visible numbers above `after`, rising, at most `limit`.
    pub fn above(&self, after: u64, limit: usize) -> Vec<u64> {
        let ranges = self.ranges().into_iter();
        ranges
            .flat_map(|(first, last)| first.max(after.saturating_add(1))..=last)
            .take(limit)
            .collect()
    }

    /// The next visible numbers below `before`, falling, at most `limit`; 0: from the newest.
    pub fn below(&self, before: u64, limit: usize) -> Vec<u64> {
        let end = before.checked_sub(1).unwrap_or(u64::MAX);
        let ranges = self.ranges().into_iter().rev();
        ranges
            .flat_map(|(first, last)| (first..=last.min(end)).rev())
            .take(limit)
            .collect()
    }

    /// The last visible message; 0 where nothing is.
    pub fn newest(&self) -> u64 {
        self.ranges().last().map_or(0, |(_, last)| *last)
    }
}

#[cfg(test)]
mod tests {
    use proto::GroupRole;

    use super::*;
    use crate::{conversation::Time, id::ShopId};

    fn seat(staff: bool, number: u64, times: &[(u64, Option<u64>)]) -> Seat {
        let (group, shop) = (ConversationId::new(), ShopId::new());
        Seat {
            conversation: group,
            address: Address::Group { group, shop },
            number,
            revision: 0,
            staff,
            times: Time::all(times),
            role: GroupRole::Member,
            closed: false,
            read: 0,
        }
    }

    #[test]
    fn a_page_goes_through_the_times_of_taking_part() {
        let seat = seat(false, 12, &[(3, Some(5)), (9, None)]);
        assert_eq!(seat.above(0, 5), [3, 4, 5, 9, 10]);
        assert_eq!(seat.above(4, 9), [5, 9, 10, 11, 12]);
        assert_eq!(seat.below(0, 5), [12, 11, 10, 9, 5]);
        assert_eq!(seat.below(5, 9), [4, 3]);
        assert_eq!(seat.newest(), 12);
    }

    #[test]
    fn staff_see_all_of_it() {
        let seat = seat(true, 3, &[]);
        assert_eq!(seat.above(0, 9), [1, 2, 3]);
        assert_eq!(seat.below(2, 9), [1]);
    }

    #[test]
    fn numbers_without_bounds_do_no_harm() {
        let seat = seat(false, 3, &[(1, None), (9, None)]);
        assert_eq!(seat.above(u64::MAX, 9), [0_u64; 0]);
        assert_eq!(seat.below(u64::MAX, 9), [3, 2, 1]);
        assert_eq!(seat.below(1, 9), [0_u64; 0]);
    }
}
