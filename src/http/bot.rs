//! A shop's bots and hooks over REST.

use axum::{Json, extract::State};
use proto::{Card, Done, MessageAccepted, Permission};
use serde::{Deserialize, Serialize};

use super::{
    at::{OfConversation, OfHook, OfUser},
    body::{Body, Named},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{ManageBots, Staff},
    app::App,
    bot::{
        self, Bot, BotWithToken,
        change::Change,
        hook::{Hook, HookWithUrl},
    },
    id::{ConversationId, HookId, ShopId, UserId},
    staff,
};

/// A bot to be made.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBot {
    /// 1 to 100 characters.
    name: String,
    /// What it may do: no more than its maker may.
    #[schema(value_type = Vec<Permission>)]
    scopes: Vec<String>,
}

/// What is to be different; what is missing stays.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BotChange {
    /// 1 to 100 characters.
    name: Option<String>,
    #[schema(value_type = Option<Vec<Permission>>)]
    scopes: Option<Vec<String>>,
    disabled: Option<bool>,
}

/// Bots.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Bots {
    bots: Vec<Bot>,
}

/// A hook to be made.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHook {
    /// As members see it, 1 to 100 characters.
    name: String,
}

/// Hooks.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Hooks {
    hooks: Vec<Hook>,
}

/// What a hook says: exactly one of the two.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
pub struct HookPost {
    /// At most 8,000 characters.
    text: String,
    card: Option<Card>,
}

/// The shop's bots.
#[utoipa::path(get, path = "/shops/{shop_id}/bots", tag = "bots", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Bots), (status = 403, body = ProblemBody)))]
pub async fn list(State(app): State<App>, by: Staff<ManageBots>) -> Answer<Bots> {
    let bots = bot::list(&app, &by).await?;
    Ok(Json(Bots { bots }))
}

/// Make a bot. Its token is shown this one time.
#[utoipa::path(post, path = "/shops/{shop_id}/bots", tag = "bots", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewBot,
    responses((status = 201, body = BotWithToken), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn create(
    State(app): State<App>,
    by: Staff<ManageBots>,
    Body(body): Body<NewBot>,
) -> Created<BotWithToken> {
    let scopes = staff::permissions("scopes", &body.scopes)?;
    Ok(created(
        bot::create::create(&app, &by, &body.name, scopes).await?,
    ))
}

/// Change a bot's name or scopes, disable it, or let it work again.
#[utoipa::path(patch, path = "/shops/{shop_id}/bots/{user_id}", tag = "bots", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path)), request_body = BotChange,
    responses((status = 200, body = Bot), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn change(
    State(app): State<App>,
    by: Staff<ManageBots>,
    Named(at): Named<OfUser>,
    Body(body): Body<BotChange>,
) -> Answer<Bot> {
    let scopes = body
        .scopes
        .map(|words| staff::permissions("scopes", &words))
        .transpose()?;
    let change = Change {
        name: body.name.as_deref(),
        scopes,
        disabled: body.disabled,
    };
    Ok(Json(
        bot::change::change(&app, &by, at.user_id, change).await?,
    ))
}

/// Give a bot a new token, shown this one time; the old one is refused from now on.
#[utoipa::path(post, path = "/shops/{shop_id}/bots/{user_id}/token", tag = "bots", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path)),
    responses((status = 200, body = BotWithToken), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn renew_token(
    State(app): State<App>,
    by: Staff<ManageBots>,
    Named(at): Named<OfUser>,
) -> Answer<BotWithToken> {
    Ok(Json(bot::change::renew_token(&app, &by, at.user_id).await?))
}

/// Retire a bot for good.
#[utoipa::path(delete, path = "/shops/{shop_id}/bots/{user_id}", tag = "bots", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn retire(
    State(app): State<App>,
    by: Staff<ManageBots>,
    Named(at): Named<OfUser>,
) -> Answer<Done> {
    bot::retire::retire(&app, &by, at.user_id).await?;
    Ok(Json(Done {}))
}

/// The hooks of a group, without their addresses.
#[utoipa::path(get, path = "/shops/{shop_id}/groups/{conversation_id}/hooks", tag = "bots", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("conversation_id" = ConversationId, Path)),
    responses((status = 200, body = Hooks), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn hooks(
    State(app): State<App>,
    by: Staff<ManageBots>,
    Named(at): Named<OfConversation>,
) -> Answer<Hooks> {
    let hooks = bot::hook::list(&app, &by, at.conversation_id).await?;
    Ok(Json(Hooks { hooks }))
}

/// Make an address that posts into a group. It is shown this one time.
#[utoipa::path(post, path = "/shops/{shop_id}/groups/{conversation_id}/hooks", tag = "bots", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("conversation_id" = ConversationId, Path)), request_body = NewHook,
    responses((status = 201, body = HookWithUrl), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn add_hook(
    State(app): State<App>,
    by: Staff<ManageBots>,
    Named(at): Named<OfConversation>,
    Body(body): Body<NewHook>,
) -> Created<HookWithUrl> {
    Ok(created(
        bot::hook::create(&app, &by, at.conversation_id, &body.name).await?,
    ))
}

/// Revoke a hook: its address is nothing from now on.
#[utoipa::path(delete, path = "/shops/{shop_id}/groups/{conversation_id}/hooks/{hook_id}", tag = "bots", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("conversation_id" = ConversationId, Path), ("hook_id" = HookId, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn revoke_hook(
    State(app): State<App>,
    by: Staff<ManageBots>,
    Named(at): Named<OfHook>,
) -> Answer<Done> {
    bot::hook::revoke(&app, &by, at.conversation_id, at.hook_id).await?;
    Ok(Json(Done {}))
}

/// Post into a hook's group. The address is the secret: no token is needed.
#[utoipa::path(post, path = "/hooks/{token}", tag = "bots", params(("token" = String, Path)), request_body = HookPost,
    responses((status = 200, body = MessageAccepted), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub async fn speak(
    State(app): State<App>,
    Named(token): Named<String>,
    Body(body): Body<HookPost>,
) -> Answer<MessageAccepted> {
    let posted = bot::hook::speak(&app, &token, body.text, body.card).await?;
    Ok(Json(MessageAccepted {
        conversation_id: posted.conversation.to_string(),
        number: posted.number,
        sent_at: posted.sent_at,
    }))
}
