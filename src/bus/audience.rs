//! Who an event is for, and the name of the topic that carries it between nodes.

use std::{fmt, str::FromStr};

use proto::{Permission, json::Word};

use crate::{
    error::{Error, refused_argument},
    id::{ConversationId, ShopId, UserId},
};

/// Who an event is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// One person, on all devices.
    User(UserId),
    /// Those of a shop's staff who hold a permission.
    Staff(ShopId, Permission),
    /// The members of a group who are on the line.
    Group(ConversationId),
    /// Those who watch whether a person is on the line.
    Watchers(UserId),
}

/// The topic's name.
impl fmt::Display for Audience {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::User(user) => write!(out, "souk:user:{user}"),
            Self::Staff(shop, permission) => write!(out, "souk:staff:{shop}:{}", permission.word()),
            Self::Group(group) => write!(out, "souk:group:{group}"),
            Self::Watchers(user) => write!(out, "souk:watchers:{user}"),
        }
    }
}

/// Reads a topic's name back.
impl FromStr for Audience {
    type Err = Error;
    fn from_str(topic: &str) -> Result<Self, Error> {
        let unknown = || refused_argument("audience", "is not a topic");
        let parts: Vec<&str> = topic.split(':').collect();
        match parts[..] {
            ["souk", "user", id] => id.parse().map(Self::User),
            ["souk", "group", id] => id.parse().map(Self::Group),
            ["souk", "watchers", id] => id.parse().map(Self::Watchers),
            ["souk", "staff", shop, permission] => {
                let permission = Permission::from_word(permission).ok_or_else(unknown)?;
                shop.parse().map(|shop| Self::Staff(shop, permission))
            }
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_name_reads_back() {
        for audience in [
            Audience::User(UserId::new()),
            Audience::Group(ConversationId::new()),
            Audience::Watchers(UserId::new()),
            Audience::Staff(ShopId::new(), Permission::ManageOrders),
        ] {
            assert_eq!(audience.to_string().parse::<Audience>().unwrap(), audience);
        }
        assert!("souk:planet:x".parse::<Audience>().is_err());
    }
}
