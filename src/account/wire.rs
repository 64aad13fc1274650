//! People as the contract has them.

use proto::Post;

use crate::actor;

/// A place on a shop's staff.
pub fn post(post: &actor::Post) -> Post {
    Post {
        shop_id: post.shop.to_string(),
        shop_name: post.shop_name.clone(),
        role: post.role.clone(),
        permissions: post.permissions.iter().map(Into::into).collect(),
    }
}
