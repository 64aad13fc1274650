//! Programs that act for a shop: bots with scopes and a token, and hooks that post into one group.
//!
//! A bot is a user with a row in `staff` that has scopes instead of a role, so that every rule about staff holds for
//! bots. Its token is a session that is never refreshed ([`crate::account::bot_token`]).

pub mod answer;
pub mod change;
pub mod create;
pub mod hook;
pub mod hours;
mod queries;
pub mod retire;
pub mod voice;

use proto::Permission;
use serde::Serialize;

use crate::{
    account::token::Token,
    actor::{ManageBots, Permissions, Staff},
    app::App,
    error::Result,
    id::UserId,
};

/// Bots, hooks apart, that one shop has at most.
pub const MOST: i64 = 100;

/// A bot of a shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Bot {
    /// It is a user like people are.
    pub user_id: UserId,
    /// As others see it.
    pub name: String,
    /// What it may do.
    #[schema(value_type = Vec<Permission>)]
    pub scopes: Vec<String>,
    /// May do nothing for now; its sockets are closed.
    pub disabled: bool,
}

impl Bot {
    /// What it may do now.
    fn effective(&self) -> Permissions {
        if self.disabled {
            Permissions::NONE
        } else {
            self.set()
        }
    }

    fn set(&self) -> Permissions {
        Permissions::from_words(&self.scopes)
    }

    fn as_audited(&self) -> serde_json::Value {
        serde_json::json!({ "name": self.name, "scopes": self.scopes, "disabled": self.disabled })
    }
}

/// A bot with the token that is shown this one time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BotWithToken {
    /// The bot.
    pub bot: Bot,
    /// `souk_bt_…`; only its hash is kept.
    pub token: String,
}

impl BotWithToken {
    fn new(bot: Bot, token: &Token) -> Self {
        let token = token.reveal();
        Self { bot, token }
    }
}

/// The shop's bots.
pub async fn list(app: &App, by: &Staff<ManageBots>) -> Result<Vec<Bot>> {
    let mut tx = app.store.begin(by.shop).await?;
    queries::list(&mut tx).await
}
