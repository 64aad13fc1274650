//! A shop's signing keys for embedding: made, shown once, listed, revoked.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;

use super::queries::embed as queries;
use crate::{
    actor::{ManageShop, Staff},
    app::App,
    audit::{self, Deed},
    error::{Error, Reason, Refusal, Result},
    staff::rely,
};

/// Keys of one shop that are good at the same time.
const MOST: i64 = 5;

/// A signing key, without its secret.
#[derive(Clone, Debug)]
pub struct EmbedKeyInfo {
    /// The `kid` of the JWT's header.
    pub id: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Since when it is worthless, if it is.
    pub revoked_at: Option<Timestamp>,
}

/// Makes a key; the second value is its secret, which is shown this once. Refuses with `conflict` beyond five.
pub async fn add_embed_key(app: &App, staff: &Staff<ManageShop>) -> Result<(EmbedKeyInfo, String)> {
    let (now, random) = (app.clock.now(), rand::random::<[u8; 32]>());
    let secret = URL_SAFE_NO_PAD.encode(random);
    let id = format!("ek_{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 12]>()));
    let mut tx = app.store.begin(staff.shop).await?;
    rely(&mut tx, staff).await?;
    let sealed = app.vault.seal(&row(&id), &secret);
    if !queries::add_key(&mut tx, &id, &sealed, MOST, now).await? {
        return Err(too_many());
    }
    let deed = Deed::new(staff.actor.user, "embed_key.added", &id);
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    let info = EmbedKeyInfo {
        id,
        created_at: now,
        revoked_at: None,
    };
    Ok((info, secret))
}

/// The shop's keys, newest first, at most 100.
pub async fn embed_keys(app: &App, staff: &Staff<ManageShop>) -> Result<Vec<EmbedKeyInfo>> {
    Ok(queries::keys(app.store.pool(), staff.shop).await?)
}

/// Revokes a key: words that it signed are not taken any more, and whoever came by them is logged out, on the line within
/// two seconds: who has a shop's key can be any of its customers. Refuses with `not_found`.
pub async fn revoke_embed_key(app: &App, staff: &Staff<ManageShop>, id: &str) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin(staff.shop).await?;
    rely(&mut tx, staff).await?;
    if !queries::revoke_key(&mut tx, id, now).await? {
        return Err(Refusal::NotFound.into());
    }
    let because = "embed_key_revoked";
    let users = queries::end_sessions(&mut tx, id, because, now).await?;
    tx.look_again(&users, because).await?;
    let deed = Deed::new(staff.actor.user, "embed_key.revoked", id);
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await
}

/// Seals with the current key whatever is not: at every start, so that a change of keys is complete when all nodes have
/// started anew. Fails if a key is missing.
pub async fn seal_anew(app: &App) -> anyhow::Result<()> {
    let (sql, mark) = (app.store.pool(), app.vault.mark());
    for kept in queries::sealed_otherwise(sql, &mark).await? {
        let secret = app.vault.renew(&row(&kept.id), &kept.secret)?;
        queries::reseal(sql, &kept, &secret).await?;
    }
    Ok(())
}

/// The row that a key's secret is sealed for.
pub(super) fn row(id: &str) -> String {
    format!("embed_keys/{id}")
}

fn too_many() -> Error {
    Error::Refused(Box::new(Reason {
        code: Refusal::Conflict,
        field: String::new(),
        sentence: Some(format!("The shop has {MOST} keys; revoke one first.")),
        retry_after: None,
    }))
}
