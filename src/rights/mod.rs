//! Hold the rights in a shop while work is done that changes them or relies on them.
//!
//! Both take the one advisory lock that each shop has for this (`rights_of` in `migrations/0002_shop.sql`): what changes
//! rights alone, what relies on them together. Such a lock is a fair queue: whoever comes to share it stands behind whoever
//! already waits to have it alone, so nobody puts off their own dismissal by keeping busy. A row's lock is not fair in
//! this way. It comes before every other lock of a unit of work.

mod queries;

use crate::{
    actor::{Permissions, Right, Staff},
    error::{Refusal, Result},
    id::UserId,
    store::Tx,
};

/// Holds everything that changes rights in the shop, alone, and says what `by` may do there now. Refuses with `forbidden`
/// whoever has lost the right that they came with.
pub async fn lock<R: Right>(tx: &mut Tx, by: &Staff<R>) -> Result<Permissions> {
    let held = lock_for(tx, by.actor.user).await?;
    require::<R>(held)
}

/// The same, together with others who rely on rights and change none.
pub async fn rely<R: Right>(tx: &mut Tx, by: &Staff<R>) -> Result<Permissions> {
    rely_on_posts(tx).await?;
    require::<R>(queries::held(tx, by.actor.user).await?)
}

/// Nobody gets or loses a post in the shop until this work ends.
pub async fn rely_on_posts(tx: &mut Tx) -> Result<()> {
    queries::share_rights(tx).await
}

/// Holds everything that changes rights in the shop, alone, and says what `user` may do there now, whatever that is.
pub async fn lock_for(tx: &mut Tx, user: UserId) -> Result<Permissions> {
    queries::hold_rights(tx).await?;
    queries::held(tx, user).await
}

fn require<R: Right>(held: Permissions) -> Result<Permissions> {
    if held.include(R::PERMISSION) {
        Ok(held)
    } else {
        Err(Refusal::Forbidden.into())
    }
}
