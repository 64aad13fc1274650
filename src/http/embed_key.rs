//! A shop's signing keys over REST.

use axum::{Json, extract::State};
use proto::Done;
use serde::Serialize;

use super::{
    at::OfEmbedKey,
    body::Named,
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    account::embed_key::{self, EmbedKeyInfo},
    actor::{ManageShop, Staff},
    app::App,
    clock::millis,
    id::ShopId,
};

/// A signing key, without its secret.
#[derive(Serialize, utoipa::ToSchema)]
pub struct EmbedKey {
    /// The `kid` of the JWT's header.
    id: String,
    /// Milliseconds since 1970.
    created_at: i64,
    /// Milliseconds since 1970; null while it is good.
    revoked_at: Option<i64>,
}

impl From<EmbedKeyInfo> for EmbedKey {
    fn from(key: EmbedKeyInfo) -> Self {
        Self {
            id: key.id,
            created_at: millis(key.created_at),
            revoked_at: key.revoked_at.map(millis),
        }
    }
}

/// A new signing key.
#[derive(Serialize, utoipa::ToSchema)]
pub struct NewEmbedKey {
    #[serde(flatten)]
    key: EmbedKey,
    /// Sign with the bytes of this text, by HMAC-SHA256. It is shown this once; keep it on your server.
    secret: String,
}

/// Make a signing key.
#[utoipa::path(post, path = "/shops/{shop_id}/embed-keys", tag = "embedding", security(("token" = [])),
    params(("shop_id" = ShopId, Path)),
    responses((status = 201, body = NewEmbedKey), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn add(State(app): State<App>, staff: Staff<ManageShop>) -> Created<NewEmbedKey> {
    let (key, secret) = embed_key::add_embed_key(&app, &staff).await?;
    let key = key.into();
    Ok(created(NewEmbedKey { key, secret }))
}

/// A shop's signing keys.
#[derive(Serialize, utoipa::ToSchema)]
pub struct EmbedKeys {
    /// Newest first, at most 100.
    keys: Vec<EmbedKey>,
}

/// List the signing keys.
#[utoipa::path(get, path = "/shops/{shop_id}/embed-keys", tag = "embedding", security(("token" = [])),
    params(("shop_id" = ShopId, Path)),
    responses((status = 200, body = EmbedKeys), (status = 403, body = ProblemBody)))]
pub async fn list(State(app): State<App>, staff: Staff<ManageShop>) -> Answer<EmbedKeys> {
    let keys = embed_key::embed_keys(&app, &staff).await?;
    let keys = keys.into_iter().map(Into::into).collect();
    Ok(Json(EmbedKeys { keys }))
}

/// Revoke a signing key.
#[utoipa::path(delete, path = "/shops/{shop_id}/embed-keys/{key_id}", tag = "embedding", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("key_id" = String, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn revoke(
    State(app): State<App>,
    staff: Staff<ManageShop>,
    Named(which): Named<OfEmbedKey>,
) -> Answer<Done> {
    embed_key::revoke_embed_key(&app, &staff, &which.key_id).await?;
    Ok(Json(Done {}))
}
