//! Change what a bot is called and what it may do; give it a new token.

use super::{Bot, BotWithToken, name, queries};
use crate::{
    account::standing,
    actor::{ManageBots, Permissions, Staff},
    app::App,
    audit,
    error::{Refusal, Result},
    id::UserId,
    staff,
};

/// What is to be different; what is `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change<'a> {
    /// Another name.
    pub name: Option<&'a str>,
    /// Other scopes.
    pub scopes: Option<Permissions>,
    /// Disabled or not.
    pub disabled: Option<bool>,
}

/// Changes a bot. Its open sockets go on with the new scopes. Refuses with `not_found`, and with `forbidden` scopes that
/// are new to it and not held by who gives them.
pub async fn change(
    app: &App,
    by: &Staff<ManageBots>,
    bot: UserId,
    change: Change<'_>,
) -> Result<Bot> {
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    let held = staff::lock(&mut tx, by.actor.user).await?;
    let before = queries::bot(&mut tx, bot).await?.ok_or(Refusal::NotFound)?;
    let after = Bot {
        name: name(change.name.unwrap_or(&before.name))?.to_owned(),
        scopes: change.scopes.unwrap_or(before.set()).words(),
        disabled: change.disabled.unwrap_or(before.disabled),
        ..before.clone()
    };
    if after == before {
        return Ok(after);
    }
    staff::may_change(held, before.effective(), after.effective())?;
    queries::change(&mut tx, &after, now).await?;
    tx.look_again(&[bot], "bot_changed").await?;
    let (actor, target) = (by.actor.user, bot.to_string());
    let values = (Some(before.as_audited()), Some(after.as_audited()));
    audit::record(
        &mut tx,
        actor,
        "bot.changed",
        &target,
        values.0,
        values.1,
        now,
    )
    .await?;
    tx.commit().await?;
    Ok(after)
}

/// Gives a bot a new token, shown this one time; the old one is refused at once and its sockets are closed.
///
/// Refuses with `not_found`, and with `forbidden` who does not hold all that the bot may do: the token is as good as that.
pub async fn renew_token(app: &App, by: &Staff<ManageBots>, bot: UserId) -> Result<BotWithToken> {
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    let held = staff::lock(&mut tx, by.actor.user).await?;
    let found = queries::bot(&mut tx, bot).await?.ok_or(Refusal::NotFound)?;
    staff::may_change(held, Permissions::NONE, found.set())?;
    let token = standing::renew(&mut tx, bot, now).await?;
    let (actor, target) = (by.actor.user, bot.to_string());
    audit::record(
        &mut tx,
        actor,
        "bot.token_renewed",
        &target,
        None,
        None,
        now,
    )
    .await?;
    tx.commit().await?;
    Ok(BotWithToken::new(found, &token))
}
