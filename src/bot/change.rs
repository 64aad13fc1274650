//! Change what a bot is called and what it may do; give it a new token.

use super::{Bot, BotWithToken, queries};
use crate::{
    account::{bot_token, session},
    actor::{ManageBots, Permissions, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    group,
    id::UserId,
    rights, staff,
    store::Recheck,
    words,
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

/// Changes a bot. Its open sockets go on with the new scopes. One that is disabled loses its token and leaves all groups;
/// enabled again it gets a new token by [`renew_token`].
///
/// Refuses with `not_found`, and with `forbidden` scopes that are new to it and not held by who gives them.
pub async fn change(
    app: &App,
    by: &Staff<ManageBots>,
    bot: UserId,
    change: Change<'_>,
) -> Result<Bot> {
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    let held = rights::lock(&mut tx, by).await?;
    let before = queries::bot(&mut tx, bot).await?.ok_or(Refusal::NotFound)?;
    let after = Bot {
        name: words::name("name", change.name.unwrap_or(&before.name))?.to_owned(),
        scopes: change.scopes.unwrap_or(before.set()).words(),
        disabled: change.disabled.unwrap_or(before.disabled),
        ..before.clone()
    };
    if after == before {
        return Ok(after);
    }
    staff::may_change(held, before.effective(), after.effective())?;
    queries::change(&mut tx, &after, now).await?;
    if after.disabled && !before.disabled {
        group::let_go::let_go(app, &mut tx, &by.actor, bot).await?;
        session::revoke_all(&mut tx, bot, "bot_disabled", now).await?;
    } else {
        let what = if after.effective() == before.effective() {
            Recheck::Person
        } else {
            Recheck::Rights
        };
        tx.recheck(&[bot], what, "bot_changed").await?;
    }
    let deed = Deed::new(by.actor.user, action(&before, &after), bot)
        .before(before.as_audited())
        .after(after.as_audited());
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(after)
}

fn action(before: &Bot, after: &Bot) -> &'static str {
    match (before.disabled, after.disabled) {
        (false, true) => "bot.disabled",
        (true, false) => "bot.enabled",
        _ => "bot.changed",
    }
}

/// Gives a bot a new token, shown this one time; the old one is refused at once and its sockets are closed.
///
/// Refuses with `not_found`, with `staff_disabled` a bot that is disabled, and with `forbidden` who does not hold all that
/// the bot may do: the token is as good as that.
pub async fn renew_token(app: &App, by: &Staff<ManageBots>, bot: UserId) -> Result<BotWithToken> {
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    let held = rights::lock(&mut tx, by).await?;
    let found = queries::bot(&mut tx, bot).await?.ok_or(Refusal::NotFound)?;
    staff::may_change(held, Permissions::NONE, found.set())?;
    if found.disabled {
        return Err(Refusal::StaffDisabled.into());
    }
    let token = bot_token::renew(&mut tx, bot, now).await?;
    let deed = Deed::new(by.actor.user, "bot.token_renewed", bot);
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(BotWithToken::new(found, &token))
}
