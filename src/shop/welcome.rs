//! What new followers hear (SHOP-07): the shop writes it once, the server says it to each of them once.

use proto::{Message, Notice, NoticeKind};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::queries;
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    conversation::{Draft, log, open},
    error::{Refusal, Result},
    fact::{Fact, Remembered},
    id::{ConversationId, ShopId, UserId},
    rights, words,
};

/// What the server says to a new follower, in their conversation with the shop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Welcome {
    /// At most 500 characters; empty: nothing is said.
    pub text: String,
}

/// What new followers hear.
pub async fn show(app: &App, by: &Staff<ManageCampaigns>) -> Result<Welcome> {
    let mut tx = app.store.begin(by.shop).await?;
    let text = queries::welcome(&mut tx).await?;
    Ok(Welcome { text })
}

/// Sets what those hear who follow from now on. Refuses with `invalid_argument`.
pub async fn set(app: &App, by: &Staff<ManageCampaigns>, welcome: Welcome) -> Result<Welcome> {
    let text = welcome.text.trim();
    words::text("text", text, 0..=500)?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    queries::lock(&mut tx).await?.ok_or(Refusal::NotFound)?;
    let former = queries::welcome(&mut tx).await?;
    if former != text {
        queries::set_welcome(&mut tx, text).await?;
        let deed = Deed::new(by.actor.user, "shop_welcome.changed", by.shop)
            .before(json!({ "text": former }))
            .after(json!({ "text": text }));
        audit::record(&mut tx, deed, app.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(Welcome {
        text: text.to_owned(),
    })
}

/// Hears facts: each new follower is welcomed, once, however often the fact is read.
pub async fn hear(app: &App, facts: &[Remembered]) -> Result<()> {
    for fact in facts {
        if let (Some(shop), Fact::ShopFollowed { customer_id }) = (fact.shop, &fact.fact) {
            welcome(app, shop, *customer_id).await?;
        }
    }
    Ok(())
}

async fn welcome(app: &App, shop: ShopId, customer: UserId) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let text = queries::welcome(&mut tx).await?;
    if text.is_empty() || !queries::welcomed(&mut tx, customer, app.clock.now()).await? {
        return Ok(());
    }
    if let Some(conversation) = open::by_itself(app, &mut tx, customer).await? {
        let draft = Draft::of_server(conversation, said(conversation, text));
        log::append(&mut tx, &app.clock, draft).await?;
    }
    tx.commit().await
}

fn said(conversation: ConversationId, text: String) -> Message {
    Message {
        conversation_id: conversation.to_string(),
        text,
        notice: Some(Notice {
            kind: NoticeKind::Followed.into(),
            ..Notice::default()
        }),
        ..Message::default()
    }
}
