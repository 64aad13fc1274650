//! The bot by which a shop says what nobody types: campaigns, recalls, answers (CMP-08). It is a bot like others, so that everybody sees that no person
//! speaks, and the shop's owner can disable it; it has no token.

use proto::{Sender, User, UserKind};

use super::queries;
use crate::{
    actor::{Permissions, Right, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::{ConversationId, ShopId, UserId},
    rights, staff,
    store::Tx,
};

/// As others see it.
const NAME: &str = "店铺助手";

/// A shop's own bot.
#[derive(Clone, Debug)]
pub struct Voice {
    /// It is a user like people are.
    pub user: UserId,
    /// As others see it.
    pub name: String,
    /// May say nothing for now.
    pub disabled: bool,
}

impl Voice {
    /// As a message names who says it.
    pub fn sender(&self) -> Sender {
        Sender {
            user_id: self.user.to_string(),
            kind: UserKind::Bot.into(),
            name: self.name.clone(),
            shop_id: String::new(),
        }
    }

    /// As a notice names who comes.
    pub fn as_user(&self) -> User {
        User {
            id: self.user.to_string(),
            kind: UserKind::Bot.into(),
            name: self.name.clone(),
            avatar: String::new(),
        }
    }
}

/// The shop's own bot, if it has one by now.
pub async fn of_shop(tx: &mut Tx) -> Result<Option<Voice>> {
    queries::shop_voice(tx).await
}

/// The same outside of a unit of work.
pub async fn find(app: &App, shop: ShopId) -> Result<Option<Voice>> {
    let mut tx = app.store.begin(shop).await?;
    of_shop(&mut tx).await
}

/// The shop's own bot, made now (recorded) if there is none: it may chat, as its maker may. Refuses with `forbidden`, and with `staff_disabled` if the
/// shop has silenced it.
pub async fn ensure<R: Right>(app: &App, by: &Staff<R>) -> Result<Voice> {
    let mut tx = app.store.begin(by.shop).await?;
    let voice = match of_shop(&mut tx).await? {
        Some(voice) => voice,
        None => make(app, &mut tx, by).await?,
    };
    if voice.disabled {
        return Err(Refusal::StaffDisabled.into());
    }
    tx.commit().await?;
    Ok(voice)
}

async fn make<R: Right>(app: &App, tx: &mut Tx, by: &Staff<R>) -> Result<Voice> {
    let (actor, now) = (by.actor.user, app.clock.now());
    let held = rights::lock(tx, by).await?;
    if let Some(voice) = of_shop(tx).await? {
        return Ok(voice);
    }
    let scopes = Permissions::from_words(["chat"]);
    staff::may_change(held, Permissions::NONE, scopes)?;
    let bot = queries::add(tx, NAME, scopes, actor, now).await?;
    queries::put_on_staff(tx, &bot, now).await?;
    queries::set_shop_voice(tx, bot.user_id).await?;
    let deed = Deed::new(actor, "bot.created", bot.user_id).after(bot.as_audited());
    audit::record(tx, deed, now).await?;
    Ok(Voice {
        user: bot.user_id,
        name: bot.name,
        disabled: false,
    })
}

/// Is the shop's own bot in a conversation of many now?
pub async fn is_in(tx: &mut Tx, voice: &Voice, group: ConversationId) -> Result<bool> {
    queries::is_in(tx, voice.user, group).await
}
