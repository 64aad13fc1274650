//! Make a bot.

use super::{BotWithToken, MOST, queries};
use crate::{
    account::bot_token,
    actor::{ManageBots, Permissions, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    rights, staff, words,
};

/// Makes a bot that may do what `scopes` say. Its token is shown this one time.
///
/// Refuses with `forbidden` scopes that its maker does not hold, with `quota_exceeded` beyond 100 bots.
pub async fn create(
    app: &App,
    by: &Staff<ManageBots>,
    wanted: &str,
    scopes: Permissions,
) -> Result<BotWithToken> {
    let (name, now) = (words::name("name", wanted)?, app.clock.now());
    let mut tx = app.store.begin(by.shop).await?;
    let held = rights::lock(&mut tx, by).await?;
    staff::may_change(held, Permissions::NONE, scopes)?;
    if queries::count(&mut tx).await? >= MOST {
        return Err(Refusal::QuotaExceeded.into());
    }
    let bot = queries::add(&mut tx, name, scopes, by.actor.user, now).await?;
    queries::put_on_staff(&mut tx, &bot, now).await?;
    let token = bot_token::renew(&mut tx, bot.user_id, now).await?;
    let deed = Deed::new(by.actor.user, "bot.created", bot.user_id).after(bot.as_audited());
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(BotWithToken::new(bot, &token))
}
