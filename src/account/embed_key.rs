//! A shop's signing keys for embedding: made, shown once, listed, revoked.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;

use super::queries::embed::{self as queries, Opened};
use crate::{
    actor::{ManageShop, Staff},
    app::App,
    audit::{self, Deed},
    error::{Error, Reason, Refusal, Result},
    id::{ShopId, UserId},
    rights,
    store::{Recheck, Tx},
};

/// Keys of one shop that are good at the same time.
const MOST: i64 = 5;
/// Sessions of a revoked key that are told of at once.
const PAGE: i64 = 1_000;

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
    rights::rely(&mut tx, staff).await?;
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

/// Revokes a key: words that it signed are not taken any more, and whoever came by them is logged out, for who has a shop's
/// key can be any of its customers. However many they are, they are out with the commit; their sockets are closed within
/// two seconds, of thousands the last within half a minute. Refuses with `not_found`.
pub async fn revoke_embed_key(app: &App, staff: &Staff<ManageShop>, id: &str) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin(staff.shop).await?;
    rights::rely(&mut tx, staff).await?;
    if !queries::revoke_key(&mut tx, id, now).await? {
        return Err(Refusal::NotFound.into());
    }
    let told = tell_a_page(&mut tx, id, now, None).await?;
    let deed = Deed::new(staff.actor.user, "embed_key.revoked", id);
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    if told.is_some() {
        let rest = tell_the_rest(app.by_itself(), staff.shop, id.to_owned(), told);
        drop(app.tasks.spawn(rest));
    }
    Ok(())
}

/// Has every node look again at whoever may be on the line by a key, a page of them; where the next page begins.
async fn tell_a_page(
    tx: &mut Tx,
    key: &str,
    now: Timestamp,
    last: Option<Opened>,
) -> Result<Option<Opened>> {
    let mut page = queries::opened(tx, key, now, last.as_ref(), PAGE).await?;
    let users: BTreeSet<UserId> = page.iter().map(|opened| opened.user).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    tx.recheck(&users, Recheck::Sessions, "embed_key_revoked")
        .await?;
    let full = i64::try_from(page.len()).is_ok_and(|length| length == PAGE);
    Ok(page.pop().filter(|_| full))
}

/// Page after page, each a unit of work. If this ends early, the sweep closes what is left within half a minute.
async fn tell_the_rest(app: App, shop: ShopId, key: String, mut told: Option<Opened>) {
    while told.is_some() {
        let page = async {
            let mut tx = app.store.begin(shop).await?;
            let next = tell_a_page(&mut tx, &key, app.clock.now(), told.take()).await?;
            tx.commit().await?;
            Ok::<_, Error>(next)
        };
        match page.await {
            Ok(next) => told = next,
            Err(error) => {
                tracing::warn!(%error, key, "the sweep closes the rest of a key's sockets");
            }
        }
    }
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
