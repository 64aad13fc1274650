//! Ban a customer from speaking in a shop's conversations, and let them speak again.
//!
//! `append_messages` refuses a banned sender. A customer logged in by the shop's own site has no business elsewhere: their
//! sessions are over while the ban lasts, on sockets too.

use serde_json::json;

use super::queries;
use crate::{
    actor::{Moderate, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::UserId,
    rights,
    store::Recheck,
    words,
};

/// Bans a customer; repeating changes the reason at most. Refuses with `not_found` who is no customer of the shop, and
/// with `invalid_argument` a reason that has not 1 to 500 characters.
pub async fn ban(app: &App, by: &Staff<Moderate>, customer: UserId, reason: &str) -> Result<()> {
    let (reason, now) = (reason.trim(), app.clock.now());
    words::text("reason", reason, 1..=500)?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    if !queries::hold_customer(&mut tx, customer).await? {
        return Err(Refusal::NotFound.into());
    }
    let former = queries::ban_reason(&mut tx, customer).await?;
    if former.as_deref() == Some(reason) {
        return Ok(());
    }
    queries::ban(&mut tx, customer, reason, by.actor.user, now).await?;
    tx.recheck(&[customer], Recheck::Sessions, "banned").await?;
    let deed = Deed::new(by.actor.user, "customer.banned", customer)
        .before(former.map(|reason| json!({ "reason": reason })))
        .after(json!({ "reason": reason }));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await
}

/// Lets a customer speak again. Refuses with `not_found` who is not banned.
pub async fn lift(app: &App, by: &Staff<Moderate>, customer: UserId) -> Result<()> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let reason = queries::lift(&mut tx, customer).await?;
    let before = json!({ "reason": reason.ok_or(Refusal::NotFound)? });
    let deed = Deed::new(by.actor.user, "customer.unbanned", customer).before(before);
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await
}
