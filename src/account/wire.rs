//! People as the contract has them.

use proto::{Post, User};

use crate::actor::{self, Actor};

/// As others see them.
pub fn user(actor: &Actor) -> User {
    User {
        id: actor.user.to_string(),
        kind: actor.kind.into(),
        name: actor.name.to_string(),
        avatar: String::new(),
    }
}

/// A place on a shop's staff.
pub fn post(post: &actor::Post) -> Post {
    Post {
        shop_id: post.shop.to_string(),
        shop_name: post.shop_name.clone(),
        role: post.role.clone(),
        permissions: post.permissions.iter().map(Into::into).collect(),
    }
}
