//! Let a bot go.

use super::queries;
use crate::{
    account::session,
    actor::{ManageBots, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    group,
    id::UserId,
    rights,
};

/// Retires a bot for good: its token is refused, its sockets are closed; what it said stays. Refuses with `not_found`.
pub async fn retire(app: &App, by: &Staff<ManageBots>, bot: UserId) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::lock(&mut tx, by).await?;
    let before = queries::bot(&mut tx, bot).await?.ok_or(Refusal::NotFound)?;
    queries::retire(&mut tx, bot, now).await?;
    group::let_go::let_go(app, &mut tx, &by.actor, bot).await?;
    session::revoke_all(&mut tx, bot, "bot_retired", now).await?;
    let deed = Deed::new(by.actor.user, "bot.retired", bot).before(before.as_audited());
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await
}
