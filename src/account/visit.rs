//! Embedding: a shop's own site logs its user in as a customer, by a word that the shop has signed.

use proto::UserKind;
use sha2::{Digest as _, Sha256};

use super::{
    Device, DeviceKind,
    embed::{EmbedFault, EmbedKey, SignedWord, Visitor},
    embed_key,
    queries::embed as queries,
    session::{self, LoggedIn},
};
use crate::{
    actor::Actor,
    app::App,
    error::{Refusal, Result},
    id::{ShopId, UserId},
};

/// Whom a shop's word is for: the `aud` that it must name.
pub const AUDIENCE: &str = "souk";
/// What a visitor is called whose name the shop has not said.
pub const NAMELESS: &str = "访客";

/// Logs in whom the shop names; the first time, with a new account. Two statements and no password, for shops send
/// thousands at once. Refuses with `embed_token_invalid`, `forbidden` (banned), `rate_limited` (the shop signs
/// too many, or one of its users comes too often; addresses have their pace at the door).
pub async fn visit(
    app: &App,
    word: &str,
    (device, kind): (Option<&str>, DeviceKind),
) -> Result<(LoggedIn, Actor)> {
    let said = device.map(|id| Device::new(id, kind)).transpose()?;
    let word = SignedWord::parse(word).map_err(refusal)?;
    let key = queries::key(app.store.pool(), word.kid()).await?;
    let key = key.ok_or(Refusal::EmbedTokenInvalid)?;
    let secret = app
        .vault
        .unseal(&embed_key::row(word.kid()), &key.secret)
        .map_err(anyhow::Error::from)?;
    let signing = EmbedKey::new(word.kid(), key.shop.to_string(), secret.as_bytes())
        .map_err(anyhow::Error::from)?;
    let visitor = word
        .verify(&signing, AUDIENCE, app.clock.now())
        .map_err(refusal)?;
    pace(app, key.shop, &visitor)?;
    let device = said.unwrap_or_else(|| Device::of_visitor(key.shop, &visitor.subject, kind));
    let (row, mut logged_in) = session::new_session(app, UserId::new(), &device);
    let customer = queries::Customer {
        shop: key.shop,
        key: word.kid(),
        new_id: logged_in.user,
        subject: &visitor.subject,
        name: visitor.name.as_deref(),
        name_if_new: name(&visitor),
    };
    let admitted = queries::admit(app.store.pool(), &customer, &row).await?;
    let admitted = admitted.ok_or(Refusal::Forbidden)?;
    logged_in.user = admitted.user;
    let actor = Actor {
        user: admitted.user,
        kind: UserKind::Customer,
        name: admitted.name.into(),
        avatar: admitted.avatar,
        session: Some(logged_in.session),
        home: Some(key.shop),
        posts: [].into(),
    };
    Ok((logged_in, actor))
}

/// One visitor, whose word may be said again for ten minutes, does not use up the shop's pace for the others.
fn pace(app: &App, shop: ShopId, visitor: &Visitor) -> Result<()> {
    let subject = Sha256::digest(&visitor.subject).into();
    app.paces.visitors.take((shop, subject))?;
    app.paces.visits.take(shop)
}

/// Strangers hear no more than "not valid"; the log says which, for whoever sets a shop up.
fn refusal(fault: EmbedFault) -> Refusal {
    tracing::info!(%fault, "a shop's word was not taken");
    Refusal::EmbedTokenInvalid
}

fn name(visitor: &Visitor) -> &str {
    visitor.name.as_deref().unwrap_or(NAMELESS)
}
