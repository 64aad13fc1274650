//! Who is asking.
//!
//! An [`Actor`] is an authenticated user with the posts they hold *now*. What they may do is settled by turning the
//! actor into the argument a verb asks for: [`Customer`], [`Merchant`], or [`Staff<R>`], which only exists for somebody who
//! holds the right `R` in that shop. Permission is an argument: a verb that takes `&Staff<ManageStaff>` cannot be
//! called by anybody else.

use std::{marker::PhantomData, sync::Arc};

use proto::{Permission, User, UserKind, json::Word};

use crate::{
    error::{Refusal, Result},
    id::{FileId, SessionId, ShopId, UserId},
};

/// The two kinds of account that people register. One person may have one of each, on the same number (ACC-02).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// Buys.
    Customer,
    /// Sells.
    Merchant,
}

impl AccountKind {
    /// As the database has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Merchant => "merchant",
        }
    }

    /// The kind of account that a user has; bots have none.
    pub fn of(kind: UserKind) -> Option<Self> {
        match kind {
            UserKind::Customer => Some(Self::Customer),
            UserKind::Merchant => Some(Self::Merchant),
            UserKind::Bot | UserKind::Unspecified => None,
        }
    }
}

/// Somebody who has proved who they are. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The user.
    pub user: UserId,
    /// Customer, merchant or bot.
    pub kind: UserKind,
    /// As others see them.
    pub name: Arc<str>,
    /// Their picture, if they have one.
    pub avatar: Option<FileId>,
    /// The login, or a bot's token; incoming webhooks have none.
    pub session: Option<SessionId>,
    /// The shop that a bot or an embedded customer belongs to.
    pub home: Option<ShopId>,
    /// The shops they work for.
    pub posts: Arc<[Post]>,
}

/// A place on a shop's staff.
#[derive(Clone, Debug)]
pub struct Post {
    /// Where.
    pub shop: ShopId,
    /// The shop's name.
    pub shop_name: String,
    /// The role's name, for people; rules ask for permissions.
    pub role: String,
    /// What it allows.
    pub permissions: Permissions,
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u32);

impl Permissions {
    /// None at all.
    pub const NONE: Self = Self(0);

    /// Is it in the set?
    pub fn include(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// Are all of `other` in this set?
    pub fn cover(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Those that are not in `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// One by one, in the contract's order.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        (1..32)
            .filter_map(|number| Permission::try_from(number).ok())
            .filter(move |one| self.include(*one))
    }

    /// As the database and JSON have them. Words that are not permissions are passed over.
    pub fn from_words<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> Self {
        words
            .into_iter()
            .filter_map(|word| Permission::from_word(word.as_ref()))
            .collect()
    }

    /// As the database and JSON have them.
    pub fn words(self) -> Vec<String> {
        self.iter().map(Word::word).collect()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let bits = permissions
            .into_iter()
            .filter(|one| *one != Permission::Unspecified);
        Self(bits.fold(0, |set, one| set | 1 << one as u32))
    }
}

impl Actor {
    /// As others see them.
    pub fn as_seen(&self) -> User {
        User {
            id: self.user.to_string(),
            kind: self.kind.into(),
            name: self.name.to_string(),
            avatar: self.avatar.map(|file| file.to_string()).unwrap_or_default(),
        }
    }

    /// The permissions held in a shop; none where they do not work.
    pub fn permissions_in(&self, shop: ShopId) -> Permissions {
        self.posts
            .iter()
            .find(|post| post.shop == shop)
            .map_or(Permissions::NONE, |post| post.permissions)
    }

    /// Does this actor hold `permission` in `shop`?
    pub fn may(&self, permission: Permission, shop: ShopId) -> bool {
        self.permissions_in(shop).include(permission)
    }

    /// The witness that this actor holds the right `R` in `shop`. Refuses with `forbidden`.
    pub fn staff<R: Right>(&self, shop: ShopId) -> Result<Staff<R>> {
        if self.may(R::PERMISSION, shop) {
            Ok(Staff {
                actor: self.clone(),
                shop,
                right: PhantomData,
            })
        } else {
            Err(Refusal::Forbidden.into())
        }
    }

    /// The witness that this is a customer. Refuses with `forbidden`.
    pub fn customer(&self) -> Result<Customer> {
        if self.kind == UserKind::Customer {
            Ok(Customer(self.clone()))
        } else {
            Err(Refusal::Forbidden.into())
        }
    }

    /// The witness that this is a merchant account. Refuses with `forbidden`.
    pub fn merchant(&self) -> Result<Merchant> {
        if self.kind == UserKind::Merchant {
            Ok(Merchant(self.clone()))
        } else {
            Err(Refusal::Forbidden.into())
        }
    }
}

/// An ordinary customer.
#[derive(Clone, Debug)]
pub struct Customer(pub Actor);

/// A merchant account, whatever it may do in whichever shop.
#[derive(Clone, Debug)]
pub struct Merchant(pub Actor);

/// Somebody who holds the right `R` in `shop`.
#[derive(Clone, Debug)]
pub struct Staff<R> {
    /// Who.
    pub actor: Actor,
    /// Where.
    pub shop: ShopId,
    right: PhantomData<fn() -> R>,
}

/// A permission as a type, so that it can be an argument.
pub trait Right {
    /// The permission.
    const PERMISSION: Permission;
}

macro_rules! rights {
    ($($name:ident)+) => {$(
        #[doc = concat!("The right `", stringify!($name), "` of `proto/account.proto`.")]
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl Right for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )+};
}

rights! {
    Chat SeeCustomers ManageGroups ManageStaff ManageShop ManageBots ManageOrders ManageCampaigns
    GiveCoupons ManageProducts SeeFinance SeeData SeeAudit Moderate VerifyOrders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_permissions_survives_its_words() {
        let set: Permissions = [Permission::Chat, Permission::SeeAudit]
            .into_iter()
            .collect();
        assert_eq!(set.words(), ["chat", "see_audit"]);
        assert_eq!(Permissions::from_words(set.words()), set);
        assert!(set.include(Permission::Chat) && !set.include(Permission::ManageStaff));
        assert!(set.cover(Permissions::NONE) && !Permissions::NONE.cover(set));
    }
}
