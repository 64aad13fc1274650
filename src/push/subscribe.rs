//! A browser asks to be reached, or not any more.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::Deserialize;

use super::{queries, seal::Keys};
use crate::{
    account::session::Session,
    app::App,
    egress::address::Guard,
    error::{Refusal, Result, refused_argument},
};

/// A browser's subscription, as its `PushSubscription.toJSON()` gives it.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// `https://…` on port 443 or 8443, at a public address: where its push service takes what is for it.
    pub endpoint: String,
    /// What is sealed for it.
    pub keys: SubscriptionKeys,
    /// Not heeded: a service says itself what is over.
    #[serde(default, rename = "expirationTime")]
    pub expiration_time: Option<f64>,
}

/// In base64url.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionKeys {
    /// Its public key, 65 bytes: an uncompressed point of P-256.
    pub p256dh: String,
    /// Its secret, 16 bytes.
    pub auth: String,
}

impl SubscriptionKeys {
    /// Refuses with `invalid_argument` what nothing can be sealed for.
    fn read(&self) -> Result<Keys> {
        let bytes = |text: &str| BASE64.decode(text).unwrap_or_default();
        let keys = Keys {
            public: bytes(&self.p256dh),
            auth: bytes(&self.auth),
        };
        if keys.usable() {
            Ok(keys)
        } else {
            Err(refused_argument("keys", "are not a browser's"))
        }
    }
}

/// This session's browser is reached from now on, there and nowhere else. A browser belongs to whoever asked last, and a session has one.
///
/// Refuses with `address_refused` where we may not call, with `invalid_argument`
/// keys that are none, with `rate_limited`, with `conflict` if two ask for one browser in the same moment.
pub async fn subscribe(app: &App, session: &Session, asked: &Subscription) -> Result<()> {
    let by = session.actor.user;
    Guard::of(&app.config).check("endpoint", &asked.endpoint)?;
    let keys = asked.keys.read()?;
    app.sends.take(by)?;
    let mut tx = app.store.begin_people().await?;
    queries::let_go(&mut tx, session.id, &asked.endpoint).await?;
    let kept = queries::subscribe(
        &mut tx,
        by,
        session.id,
        (&asked.endpoint, &keys),
        app.clock.now(),
    );
    if !kept.await? {
        return Err(Refusal::Conflict.into());
    }
    tx.commit().await
}

/// This session's browser is not reached any more, if it was.
pub async fn unsubscribe(app: &App, session: &Session) -> Result<()> {
    queries::unsubscribe(app.store.pool(), session.id).await
}
