//! My conversations, or a shop's, the most recently active first.

use proto::{Conversation, ConversationPage, ListConversations};

use super::{overview::overview, queries};
use crate::{
    actor::{Actor, Chat},
    app::App,
    error::{Refusal, Result, refused_argument},
    id::{ConversationId, ShopId},
    store::page,
};

/// A page of conversations: those that the actor is in, or with a `shop_id` the customer conversations of that shop.
/// Whatever becomes active while somebody pages moves to the front, and its event tells of it.
///
/// Refuses with `forbidden` whoever may not chat for that shop, with `invalid_argument` what is malformed.
pub async fn list(
    app: &App,
    actor: &Actor,
    request: ListConversations,
) -> Result<ConversationPage> {
    let limit = page::limit(request.limit, 50, 100)?;
    let key = page::after::<queries::list::Key>(&request.cursor)?;
    let mut sql = app.store.pool().acquire().await?;
    let mut keys = match &request.shop_id[..] {
        "" => queries::list::of_user(&mut sql, actor.user, key, limit + 1).await?,
        shop => {
            let staff = actor.staff::<Chat>(shop_id(shop)?)?;
            queries::list::of_shop(&mut sql, staff.shop, key, limit + 1).await?
        }
    };
    let on_page = keys.iter().take(usize::try_from(limit).unwrap_or(100));
    let ids: Vec<ConversationId> = on_page.map(|(_, id)| *id).collect();
    let seen = overview(&mut sql, actor, &ids).await?;
    // A page of long messages is shorter than asked.
    let shown = i64::try_from(seen.len()).unwrap_or(limit);
    Ok(ConversationPage {
        next_cursor: page::next(&mut keys, shown, |last| *last),
        conversations: seen.into_iter().flatten().collect(),
    })
}

/// One conversation as the actor sees it. Refuses with `not_found` whoever has no seat in it.
pub async fn conversation(app: &App, actor: &Actor, id: ConversationId) -> Result<Conversation> {
    let mut sql = app.store.pool().acquire().await?;
    let seen = overview(&mut sql, actor, &[id]).await?;
    Ok(seen.into_iter().flatten().next().ok_or(Refusal::NotFound)?)
}

pub(super) fn shop_id(text: &str) -> Result<ShopId> {
    text.parse()
        .map_err(|_| refused_argument("shop_id", "is not an id"))
}
