//! The key pair by which push services know us. It lies sealed in the database, where the subscriptions are that are bound to it: all
//! nodes have the same, and whoever restores one restores both.

use anyhow::Context as _;

use super::{queries, vapid::Vapid};
use crate::{app::App, error::Result};

/// What it is sealed for.
const ROW: &str = "push_keys";

/// Takes the key pair, which is made at the first start, and seals it anew if the current key of the vault has not. Of two servers that start
/// at once, both take the one that was first.
pub async fn open(app: &App) -> anyhow::Result<Vapid> {
    let sql = app.store.pool();
    let kept = match queries::key(sql).await? {
        Some(kept) => kept,
        None => lay_down(app).await?,
    };
    let renewed = app.vault.renew(ROW, &kept)?;
    if renewed != kept {
        queries::reseal(sql, &kept, &renewed).await?;
    }
    Vapid::parse(&app.vault.unseal(ROW, &renewed)?)
}

async fn lay_down(app: &App) -> anyhow::Result<String> {
    let pair = Vapid::generate()?;
    let public = Vapid::parse(&pair)?.public();
    let sealed = app.vault.seal(ROW, &pair);
    queries::keep_key(app.store.pool(), &sealed, &public).await?;
    let kept = queries::key(app.store.pool()).await?;
    kept.context("the key of Web Push was not kept")
}

/// What browsers subscribe with (`applicationServerKey`), in base64url.
pub async fn public(app: &App) -> Result<String> {
    queries::public_key(app.store.pool()).await
}
