//! Every statement about rights as they are held this moment.

use crate::{actor::Permissions, error::Result, id::UserId, store::Tx};

/// The shop's rights are this work's alone.
pub(super) async fn hold_rights(tx: &mut Tx) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "select from pg_advisory_xact_lock(rights_of($1::uuid))",
        shop.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(())
}

/// The shop's rights do not change while this work lasts.
pub(super) async fn share_rights(tx: &mut Tx) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "select from pg_advisory_xact_lock_shared(rights_of($1::uuid))",
        shop.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(())
}

/// What `user` may do in the shop: a statement of its own, so that it sees what was committed while the lock was waited for.
pub(super) async fn held(tx: &mut Tx, user: UserId) -> Result<Permissions> {
    let shop = tx.shop()?;
    let held = sqlx::query_scalar!(
        r#"select permissions as "permissions!" from posts where shop_id = $1 and user_id = $2"#,
        shop.0,
        user.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(Permissions::from_words(held.unwrap_or_default()))
}
