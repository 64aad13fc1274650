//! Let a bot go.

use super::{hook::leave_groups, queries};
use crate::{
    account::standing,
    actor::{ManageBots, Staff},
    app::App,
    audit,
    error::{Refusal, Result},
    id::UserId,
    staff,
};

/// Retires a bot for good: its token is refused, its sockets are closed; what it said stays. Refuses with `not_found`.
pub async fn retire(app: &App, by: &Staff<ManageBots>, bot: UserId) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    staff::lock(&mut tx, by.actor.user).await?;
    let before = queries::bot(&mut tx, bot).await?.ok_or(Refusal::NotFound)?;
    queries::retire(&mut tx, bot, now).await?;
    leave_groups(app, &mut tx, &by.actor, &before).await?;
    standing::revoke_all(&mut tx, bot, "bot_retired", now).await?;
    let (actor, target) = (by.actor.user, bot.to_string());
    let before = Some(before.as_audited());
    audit::record(&mut tx, actor, "bot.retired", &target, before, None, now).await?;
    tx.commit().await
}
