//! Who talks with whom, what was said in which order, and what has been read.
//!
//! A conversation is a dense log: 1, 2, 3 … Every way to say something ends in the SQL function `append_messages`
//! ([`log`]). What is shown of it is a `proto::Message`; a card in it is relayed unopened.

pub mod assign;
pub(crate) mod attachment;
mod batch;
mod card;
mod change;
pub(crate) mod easel;
pub mod edit;
pub mod fetch;
pub mod history;
mod jam;
mod lane;
mod lanes;
pub mod list;
pub(crate) mod load;
pub mod log;
pub mod missed;
pub mod open;
pub(crate) mod overview;
pub mod pin;
pub mod post;
mod prepare;
mod queries;
mod quote;
pub mod react;
pub mod read;
pub mod recall;
pub mod recent;
pub mod record;
pub mod redraw;
pub mod resume;
pub mod search;
pub(crate) mod seat;
mod standing;
pub mod typing;
pub mod versions;
pub mod wire;
mod write;

use proto::{ConversationKind, Message, Permission};
use sqlx::PgConnection;

use crate::{
    actor::Actor,
    app::App,
    bus::Audience,
    error::{Refusal, Result},
    event::comings_and_goings,
    id::{ConversationId, ShopId, UserId},
};

/// Something to be said, all but its number.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Where.
    pub conversation: ConversationId,
    /// By whom; nobody: the server itself.
    pub sender: Option<UserId>,
    /// What, as it will be shown; number and time come from the log.
    pub message: Message,
    /// Of what was asked, where it differs from the message as it will be shown: tells a retry from a reused client
    /// message id (`wire::fingerprint_of`).
    pub fingerprint: Option<i64>,
}

impl Draft {
    /// What the server says by itself.
    pub(crate) fn of_server(conversation: ConversationId, message: Message) -> Self {
        Self {
            conversation,
            sender: None,
            message,
            fingerprint: None,
        }
    }
}

/// What was said has this place in the log, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Where.
    pub conversation: ConversationId,
    /// 1 and up, dense.
    pub number: u64,
    /// Milliseconds since 1970.
    pub sent_at: i64,
}

/// Where a conversation's events go. Never changes in a conversation's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// A customer and a shop.
    Shop {
        /// The shop.
        shop: ShopId,
        /// The customer.
        customer: UserId,
    },
    /// Two people.
    Direct(UserId, UserId),
    /// A group of a shop.
    Group {
        /// The group.
        group: ConversationId,
        /// Its shop.
        shop: ShopId,
    },
}

impl Address {
    /// The shop that the conversation belongs to.
    pub fn shop(self) -> Option<ShopId> {
        match self {
            Self::Shop { shop, .. } | Self::Group { shop, .. } => Some(shop),
            Self::Direct(..) => None,
        }
    }

    /// As the contract has it.
    pub fn kind(self) -> ConversationKind {
        match self {
            Self::Shop { .. } => ConversationKind::Shop,
            Self::Direct(..) => ConversationKind::Direct,
            Self::Group { .. } => ConversationKind::Group,
        }
    }

    /// Everybody who may see what is said.
    pub fn audiences(self) -> Vec<Audience> {
        match self {
            Self::Shop { shop, customer } => {
                vec![
                    Audience::User(customer),
                    Audience::Staff(shop, Permission::Chat),
                ]
            }
            Self::Direct(one, other) => vec![Audience::User(one), Audience::User(other)],
            Self::Group { group, .. } => vec![Audience::Group(group)],
        }
    }

    /// The audiences of one message: a notice of coming or going also reaches its subjects wherever they are, so that
    /// their node begins or ceases to follow the group.
    pub fn audiences_of(self, message: &Message) -> Vec<Audience> {
        let mut audiences = self.audiences();
        if let Self::Group { .. } = self {
            let (joined, left) = comings_and_goings(message);
            audiences.extend(joined.into_iter().chain(left).map(Audience::User));
        }
        audiences
    }
}

/// What somebody may see of a conversation.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Where its events go.
    pub address: Address,
    /// The newest message.
    pub number: u64,
    /// The newest change in place.
    pub revision: u64,
    /// Staff of the shop see everything of a customer conversation.
    pub staff: bool,
    /// The times of taking part, the oldest first; the last one is open while still in it.
    pub times: Vec<Time>,
    /// In a group.
    pub role: proto::GroupRole,
    /// No more is said here.
    pub closed: bool,
    /// How far this person has read.
    pub read: u64,
}

impl Seat {
    /// Takes part now.
    pub fn present(&self) -> bool {
        self.staff || self.times.iter().any(|time| time.left.is_none())
    }

    /// May see message `number`.
    pub fn sees(&self, number: u64) -> bool {
        self.staff || self.times.iter().any(|time| time.holds(number))
    }

    /// The last message that may be seen.
    pub fn horizon(&self) -> u64 {
        if self.present() {
            self.number
        } else {
            self.times
                .iter()
                .filter_map(|time| time.left)
                .max()
                .unwrap_or(0)
        }
    }

    /// Refuses with `not_a_member` whoever has left.
    pub fn require_present(&self) -> Result<()> {
        if self.present() {
            Ok(())
        } else {
            Err(Refusal::NotAMember.into())
        }
    }
}

/// A time of taking part: nobody is shown a message outside of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// The first message of it.
    pub joined: u64,
    /// The last message of it; nothing: still in it.
    pub left: Option<u64>,
}

impl Time {
    /// Was this message said in it?
    pub fn holds(self, number: u64) -> bool {
        self.joined <= number && self.left.is_none_or(|left| number <= left)
    }
}

#[cfg(test)]
impl Time {
    /// First and last messages, for tests.
    pub(crate) fn all(times: &[(u64, Option<u64>)]) -> Vec<Self> {
        let time = |(joined, left): &(u64, Option<u64>)| Self {
            joined: *joined,
            left: *left,
        };
        times.iter().map(time).collect()
    }
}

/// The groups that somebody is in now, with all their times in each, the oldest first.
pub async fn groups_of(
    sql: &mut PgConnection,
    user: UserId,
) -> Result<Vec<(ConversationId, Vec<Time>)>> {
    Ok(queries::groups_of(sql, user).await?)
}

/// Does somebody take part, now or in an earlier time, in one of these conversations, or answer for it as staff?
async fn takes_part_in_any(
    app: &App,
    actor: &Actor,
    conversations: &[ConversationId],
) -> Result<bool> {
    let shops: Vec<ShopId> = actor
        .posts
        .iter()
        .filter(|post| post.permissions.include(Permission::Chat))
        .map(|post| post.shop)
        .collect();
    Ok(queries::takes_part_in_any(app.store.pool(), actor.user, &shops, conversations).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(staff: bool, times: &[(u64, Option<u64>)]) -> Seat {
        let group = ConversationId::new();
        let address = Address::Group {
            group,
            shop: ShopId::new(),
        };
        let role = proto::GroupRole::Member;
        Seat {
            conversation: group,
            address,
            number: 20,
            revision: 0,
            staff,
            times: Time::all(times),
            role,
            closed: false,
            read: 0,
        }
    }

    #[test]
    fn nobody_sees_what_was_said_outside_their_time() {
        let seat = seat(false, &[(3, Some(5)), (9, None)]);
        let seen: Vec<u64> = (1..12).filter(|number| seat.sees(*number)).collect();
        assert_eq!(seen, [3, 4, 5, 9, 10, 11]);
        assert!(seat.present());
        assert_eq!(seat.horizon(), 20);
    }

    #[test]
    fn who_has_left_sees_up_to_the_end_of_their_time() {
        let seat = seat(false, &[(3, Some(5))]);
        assert_eq!(
            seat.require_present().unwrap_err().refusal(),
            Some(Refusal::NotAMember)
        );
        assert_eq!(seat.horizon(), 5);
    }
}
