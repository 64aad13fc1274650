//! Decide on somebody who wants to come in.

use super::{
    Power,
    door::{self, Invitation},
    queries, standing,
};
use crate::{
    actor::Actor,
    app::App,
    error::{Refusal, Result},
    id::{ConversationId, UserId},
};

/// Lets a waiting person in, with the inviter they came by. Refuses with `not_found` if nobody waits under this id,
/// `banned`, `group_full`, `conversation_closed`.
pub async fn approve(app: &App, actor: &Actor, group: ConversationId, user: UserId) -> Result<()> {
    let (mut tx, group) = standing::open(app, actor, group, Power::Manager).await?;
    group.require_open()?;
    let inviter = queries::take_request(&mut tx, group.id, user).await?;
    let inviter = inviter.ok_or(Refusal::NotFound)?;
    let found = queries::candidates(&mut tx, group.id, &[user]).await?.pop();
    let person = found.ok_or(Refusal::NotFound)?;
    if !person.invitable(group.shop) {
        return Err(Refusal::Banned.into());
    }
    let approved = Invitation {
        actor: Some(actor.as_seen()),
        inviter: queries::person(&mut tx, inviter).await?,
    };
    door::admit(app, &mut tx, &group, vec![person.user], approved).await?;
    tx.commit().await
}

/// Sends a waiting person away; they may ask again by another invitation. Refuses with `not_found`.
pub async fn decline(app: &App, actor: &Actor, group: ConversationId, user: UserId) -> Result<()> {
    let (mut tx, group) = standing::open(app, actor, group, Power::Manager).await?;
    let inviter = queries::take_request(&mut tx, group.id, user).await?;
    inviter.ok_or(Refusal::NotFound)?;
    tx.commit().await
}
