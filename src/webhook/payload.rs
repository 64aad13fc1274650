//! What a call says: `{type, timestamp, shop_id, data}`.
//!
//! For a message `data` is `{message, mentioned}` with the message as it is at the time of sending: what was recalled or
//! edited meanwhile is not sent again by a retry. For everything else it is the fact.

use bytes::Bytes;
use proto::Message;
use serde::Serialize;
use serde_json::{Value, value::to_raw_value};

use super::{MESSAGE_CHANGED, MESSAGE_POSTED, queries::Due};
use crate::{
    app::App,
    conversation::load,
    error::Result,
    id::{ConversationId, ShopId, UserId},
};

#[derive(Serialize)]
struct Payload<'a, D> {
    r#type: &'a str,
    /// When it happened, RFC 3339.
    timestamp: String,
    shop_id: ShopId,
    data: D,
}

#[derive(Serialize)]
struct MessageData {
    message: Message,
    /// The endpoint's bot is mentioned.
    mentioned: bool,
}

/// Writes the body of a call.
pub(super) async fn body(app: &App, due: &Due) -> Result<Bytes> {
    let about_a_message = [MESSAGE_POSTED, MESSAGE_CHANGED].contains(&due.kind.as_str());
    let message = match named(&due.data).filter(|_| about_a_message) {
        Some((conversation, number)) => as_it_is_now(app, due.shop, conversation, number).await?,
        None => None,
    };
    let data = match message {
        Some(message) => {
            let mentioned = due.bot.is_some_and(|bot| mentions(&message, bot));
            to_raw_value(&MessageData { message, mentioned })
        }
        None => to_raw_value(&due.data),
    };
    let payload = Payload {
        r#type: &due.kind,
        timestamp: due.happened_at.to_string(),
        shop_id: due.shop,
        data: data.map_err(anyhow::Error::from)?,
    };
    Ok(serde_json::to_vec(&payload)
        .map_err(anyhow::Error::from)?
        .into())
}

async fn as_it_is_now(
    app: &App,
    shop: ShopId,
    conversation: ConversationId,
    number: i64,
) -> Result<Option<Message>> {
    let mut tx = app.store.begin(shop).await?;
    let messages = load::messages(tx.sql(), conversation, &[number]).await?;
    Ok(messages.into_iter().next())
}

/// The message that a fact names.
fn named(data: &Value) -> Option<(ConversationId, i64)> {
    let conversation = data.get("conversation_id")?.as_str()?.parse().ok()?;
    Some((conversation, data.get("number")?.as_i64()?))
}

fn mentions(message: &Message, bot: UserId) -> bool {
    let bot = bot.to_string();
    !message.recalled && (message.mention_everybody || message.mentions.contains(&bot))
}
