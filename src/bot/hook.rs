//! An address that posts into one group: one `curl`, no account.
//!
//! Each hook has a bot of its own, a member of the group without any scope; whoever holds the token in the address speaks
//! as that bot. People see it come, speak and go like anybody else.

use proto::{Card, SendMessage, User, UserKind};
use serde::Serialize;
use uuid::Uuid;

use super::{Bot, queries};
use crate::{
    account::token::{Token, TokenKind},
    actor::{Actor, ManageBots, Permissions, Staff},
    app::App,
    audit::{self, Deed},
    conversation::{Posted, post},
    error::{Refusal, Result, refused_argument},
    group,
    id::{ConversationId, HookId, UserId},
    rights, words,
};

/// Hooks of one group at most.
const MOST: i64 = 20;

/// A hook of a group.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Hook {
    /// Its id; not its secret.
    pub id: HookId,
    /// As members see it.
    pub name: String,
    /// The bot that speaks.
    pub bot_id: UserId,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// A hook with the address that is shown this one time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HookWithUrl {
    /// The hook.
    pub hook: Hook,
    /// Post `{"text": …}` or `{"card": …}` here. Whoever knows it can.
    pub url: String,
}

/// Makes a hook. Refuses with `not_found` what is no group of the shop, with `conversation_closed`, with
/// `group_full`, with `quota_exceeded` beyond 20 hooks.
pub async fn create(
    app: &App,
    by: &Staff<ManageBots>,
    group: ConversationId,
    wanted: &str,
) -> Result<HookWithUrl> {
    let (name, now) = (words::name("name", wanted)?, app.clock.now());
    app.sends.take(by.actor.user)?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::lock(&mut tx, by).await?;
    if !queries::has_group(&mut tx, group).await? {
        return Err(Refusal::NotFound.into());
    }
    if queries::count_hooks(&mut tx, group).await? >= MOST {
        return Err(Refusal::QuotaExceeded.into());
    }
    let actor = by.actor.user;
    let bot = queries::add(&mut tx, name, Permissions::NONE, actor, now).await?;
    let token = Token::generate(TokenKind::Hook, &mut rand::rng());
    let hash = token.hash().0;
    let hook = queries::add_hook(&mut tx, group, &bot, &hash, actor, now).await?;
    group::bot::let_in(app, &mut tx, &by.actor, group, as_user(&bot)).await?;
    let deed = Deed::new(actor, "hook.created", hook.id).after(as_audited(&hook, group));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    let url = format!(
        "{}/api/v1/hooks/{}",
        app.config.public_url(),
        token.reveal()
    );
    Ok(HookWithUrl { hook, url })
}

/// The hooks of a group; their addresses are not known any more. Refuses with `not_found`.
pub async fn list(app: &App, by: &Staff<ManageBots>, group: ConversationId) -> Result<Vec<Hook>> {
    let mut tx = app.store.begin(by.shop).await?;
    if !queries::has_group(&mut tx, group).await? {
        return Err(Refusal::NotFound.into());
    }
    queries::hooks(&mut tx, group).await
}

/// Revokes a hook: its address is nothing from now on, its bot leaves the group. Refuses with `not_found`.
pub async fn revoke(
    app: &App,
    by: &Staff<ManageBots>,
    group: ConversationId,
    hook: HookId,
) -> Result<()> {
    let (actor, now) = (by.actor.user, app.clock.now());
    app.sends.take(actor)?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::lock(&mut tx, by).await?;
    let hook = queries::revoke_hook(&mut tx, group, hook, now)
        .await?
        .ok_or(Refusal::NotFound)?;
    queries::retire(&mut tx, hook.bot_id, now).await?;
    group::let_go::let_go(app, &mut tx, &by.actor, hook.bot_id).await?;
    let deed = Deed::new(actor, "hook.revoked", hook.id).before(as_audited(&hook, group));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await
}

/// Posts into the group of a hook. Refuses with `not_found` a token that is none (any more), with `rate_limited` faster
/// than a bot may, and with what [`post::post`] refuses.
pub async fn speak(app: &App, token: &str, text: String, card: Option<Card>) -> Result<Posted> {
    let token = Token::parse(token)
        .ok()
        .filter(|token| token.kind() == TokenKind::Hook)
        .ok_or(Refusal::NotFound)?;
    let voice = queries::voice(app.store.pool(), &token.hash().0).await?;
    let voice = voice.ok_or(Refusal::NotFound)?;
    app.paces.bots.take(voice.bot)?;
    if text.is_empty() == card.is_none() {
        return Err(refused_argument("text", "or `card` is needed, not both"));
    }
    let actor = Actor {
        user: voice.bot,
        kind: UserKind::Bot,
        name: voice.name.into(),
        avatar: None,
        session: None,
        home: Some(voice.shop),
        posts: [].into(),
    };
    let request = SendMessage {
        conversation_id: voice.group.to_string(),
        client_message_id: Uuid::new_v4().to_string(),
        text,
        card,
        ..SendMessage::default()
    };
    post::post(app, &actor, request).await
}

fn as_audited(hook: &Hook, group: ConversationId) -> serde_json::Value {
    serde_json::json!({ "name": hook.name, "bot_id": hook.bot_id, "conversation_id": group })
}

fn as_user(bot: &Bot) -> User {
    User {
        id: bot.user_id.to_string(),
        kind: UserKind::Bot.into(),
        name: bot.name.clone(),
        avatar: String::new(),
    }
}
