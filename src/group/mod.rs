//! Groups: conversations of many that belong to a shop. A group's id is its conversation's.
//!
//! Who may do what ([`Power`]); each column may do what the ones before it may:
//!
//! | outsider | member | manager | owner |
//! | --- | --- | --- | --- |
//! | nothing: the group does not exist for them | see the group and its members, make links, invite people, leave | rename, announce, mute all, add people, approve, see and revoke all links, mute and remove members | name and dismiss managers, mute and remove them, hand over, dissolve |
//!
//! Staff of the shop who hold `manage_groups` have a manager's power without being in the group, and an owner's if they
//! also hold `manage_shop`, so that no group is left without anybody. Speaking and reading take membership, always.
//!
//! Staff and bots are in a group while they have a post in its shop, and when it ends they are let go (`let_go.rs`) in the
//! very transaction that ends it. Nothing else asks about that: who works nowhere has no membership. Coming in holds the
//! shop's posts (`rights::rely_on_posts`), so that nobody slips in while theirs ends.
//!
//! Coming and going is written in the log: the notice is appended first, and its number, taken under the conversation's
//! lock, is where the interval of taking part begins or ends, in the same transaction (`door.rs`).

pub mod add;
pub mod approve;
pub mod bot;
pub mod change;
pub mod create;
pub mod dissolve;
mod door;
pub mod hand_over;
mod hold;
pub mod invite;
pub mod join;
pub mod leave;
pub mod let_go;
pub mod list;
pub mod manager;
pub mod mute;
mod notice;
mod power;
mod queries;
pub mod remove;
mod wire;

use std::collections::BTreeSet;

pub use power::Power;
use proto::{User, UserKind};

use crate::{
    error::{Error, Reason, Refusal, Result, refused_argument},
    id::{ShopId, UserId},
    words,
};

/// People named in one request at most.
pub const PEOPLE: usize = 500;
/// Open invitations of one person in one group at most.
pub const OPEN_INVITES: i64 = 100;

/// Somebody who may come into a group, and how they stand towards its shop.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four questions about a person, each with its own answer"
)]
pub struct Candidate {
    /// As others see them.
    pub user: User,
    /// The same id, as a type.
    pub id: UserId,
    /// The shop that an embedded customer or a bot belongs to.
    pub home: Option<ShopId>,
    /// Is on the shop's staff now.
    pub works_here: bool,
    /// Has a conversation with the shop.
    pub buys_here: bool,
    /// May not speak in this shop, or nowhere.
    pub banned: bool,
    /// Is in the group already.
    pub member: bool,
}

impl Candidate {
    fn is_customer(&self) -> bool {
        self.user.kind() == UserKind::Customer
    }

    /// May be put into a group of `shop` without being asked: its staff and bots, and customers who know the shop.
    pub fn addable(&self, shop: ShopId) -> bool {
        let known = self.buys_here || self.home == Some(shop);
        !self.banned && (self.works_here || self.is_customer() && known)
    }

    /// May come by an invitation: also friends who are new to the shop, but nobody who belongs to another one.
    pub fn invitable(&self, shop: ShopId) -> bool {
        let free = self.home.is_none_or(|home| home == shop);
        !self.banned && (self.works_here || self.is_customer() && free)
    }

    /// May own a group: a person of the shop's staff.
    pub fn may_own(&self) -> bool {
        self.works_here && self.user.kind() == UserKind::Merchant
    }
}

/// Must somebody who comes this way wait for a manager?
pub fn must_wait(join_approval: bool, vouched: bool) -> bool {
    join_approval && !vouched
}

/// The people that a request names, each once. Refuses more than [`PEOPLE`] and what is not an id.
fn people(ids: &[String]) -> Result<Vec<UserId>> {
    if ids.len() > PEOPLE {
        return Err(refused_argument("user_ids", "has at most 500 people"));
    }
    let people: Result<BTreeSet<UserId>> = ids.iter().map(|id| person("user_ids", id)).collect();
    Ok(people?.into_iter().collect())
}

fn person(field: &str, id: &str) -> Result<UserId> {
    id.parse()
        .map_err(|_| refused_argument(field, "is not an id"))
}

/// A group's announcement: at most 2,000 characters, possibly none.
fn announcement(text: &str) -> Result<String> {
    words::text("announcement", text, 0..=2_000)?;
    Ok(text.to_owned())
}

fn refused_because(code: Refusal, sentence: &str) -> Error {
    Error::Refused(Box::new(Reason {
        code,
        field: String::new(),
        sentence: Some(sentence.to_owned()),
        retry_after: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(kind: UserKind, home: Option<ShopId>) -> Candidate {
        let user = User {
            kind: kind.into(),
            ..User::default()
        };
        Candidate {
            user,
            id: UserId::new(),
            home,
            works_here: false,
            buys_here: false,
            banned: false,
            member: false,
        }
    }

    #[test]
    fn only_the_shops_own_people_are_added_but_friends_may_come() {
        let shop = ShopId::new();
        let friend = candidate(UserKind::Customer, None);
        assert!(!friend.addable(shop) && friend.invitable(shop));
        let buyer = Candidate {
            buys_here: true,
            ..friend
        };
        assert!(buyer.addable(shop));
        let banned = Candidate {
            banned: true,
            ..buyer
        };
        assert!(!banned.addable(shop) && !banned.invitable(shop));
    }

    #[test]
    fn people_of_another_shop_stay_outside() {
        let shop = ShopId::new();
        let embedded = candidate(UserKind::Customer, Some(ShopId::new()));
        assert!(!embedded.addable(shop) && !embedded.invitable(shop));
        let rival = candidate(UserKind::Merchant, None);
        assert!(!rival.addable(shop) && !rival.invitable(shop));
        let bot = Candidate {
            works_here: true,
            ..candidate(UserKind::Bot, Some(shop))
        };
        assert!(bot.addable(shop) && !bot.may_own());
    }
}
