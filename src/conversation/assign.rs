//! Say which member of staff answers for a customer's conversation (STAFF-08). It stays the shop's: everybody entitled
//! sees and answers it all the same.

use proto::{Message, Notice, NoticeKind, User, UserKind, json::Word as _};
use serde_json::json;

use super::{Draft, log, queries};
use crate::{
    actor::{Actor, Chat, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::{ConversationId, UserId},
    rights,
    store::Tx,
};

/// Assigns a customer's conversation to somebody who may chat, or to nobody. Everybody in it sees the notice; repeating
/// does nothing.
///
/// Refuses with `rate_limited`, with `not_found` what is not a customer's conversation with this shop, and whoever may not
/// chat there.
pub async fn assign(
    app: &App,
    by: &Staff<Chat>,
    conversation: ConversationId,
    assignee: Option<UserId>,
) -> Result<()> {
    app.sends.take(by.actor.user)?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let former = queries::assignee(&mut tx, conversation)
        .await?
        .ok_or(Refusal::NotFound)?;
    if former == assignee {
        return Ok(());
    }
    let subjects = match assignee {
        Some(user) => vec![agent(&mut tx, user).await?],
        None => vec![],
    };
    queries::assign(&mut tx, conversation, assignee).await?;
    log::append(
        &mut tx,
        &app.clock,
        notice(conversation, &by.actor, subjects),
    )
    .await?;
    let deed = Deed::new(by.actor.user, "conversation.assigned", conversation)
        .before(json!({ "assignee_id": former }))
        .after(json!({ "assignee_id": assignee }));
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await
}

async fn agent(tx: &mut Tx, user: UserId) -> Result<User> {
    let agent = queries::agent(tx, user).await?.ok_or(Refusal::NotFound)?;
    Ok(User {
        id: user.to_string(),
        kind: UserKind::from_word(&agent.kind).unwrap_or_default().into(),
        name: agent.name,
        avatar: agent
            .avatar
            .map(|file| file.to_string())
            .unwrap_or_default(),
    })
}

fn notice(conversation: ConversationId, by: &Actor, subjects: Vec<User>) -> Draft {
    let notice = Notice {
        kind: NoticeKind::StaffAssigned.into(),
        actor: Some(by.as_seen()),
        subjects,
        inviter: None,
    };
    let message = Message {
        conversation_id: conversation.to_string(),
        notice: Some(notice),
        ..Message::default()
    };
    Draft::of_server(conversation, message)
}
