//! Decide on somebody who wants to come in.

use serde_json::json;

use super::{
    Power,
    door::{self, Invitation},
    hold, queries,
};
use crate::{
    actor::Actor,
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::{ConversationId, UserId},
    store::Tx,
};

/// Lets a waiting person in, with the inviter they came by. Refuses with `not_found` if nobody waits under this id who may
/// come in, `banned`, `group_full`, `too_many_groups`, `conversation_closed`.
pub async fn approve(app: &App, actor: &Actor, group: ConversationId, user: UserId) -> Result<()> {
    let (mut tx, group) = hold::open(app, actor, group, Power::Manager).await?;
    group.require_open()?;
    let inviter = queries::take_request(&mut tx, group.id, user).await?;
    let inviter = inviter.ok_or(Refusal::NotFound)?;
    let found = queries::candidates(&mut tx, group.id, &[user]).await?.pop();
    let person = found.ok_or(Refusal::NotFound)?;
    if person.banned {
        return Err(Refusal::Banned.into());
    }
    if !person.invitable(group.shop) {
        return Err(Refusal::NotFound.into());
    }
    let approved = Invitation {
        actor: Some(actor.as_seen()),
        inviter: queries::person(&mut tx, inviter).await?,
    };
    door::admit(app, &mut tx, &group, vec![person.user], approved).await?;
    record(
        app,
        &mut tx,
        actor,
        "group.member_approved",
        (group.id, user),
    )
    .await?;
    tx.commit().await
}

/// Sends a waiting person away; they may ask again by another invitation. Refuses with `not_found`.
pub async fn decline(app: &App, actor: &Actor, group: ConversationId, user: UserId) -> Result<()> {
    let (mut tx, group) = hold::open(app, actor, group, Power::Manager).await?;
    let inviter = queries::take_request(&mut tx, group.id, user).await?;
    inviter.ok_or(Refusal::NotFound)?;
    record(
        app,
        &mut tx,
        actor,
        "group.member_declined",
        (group.id, user),
    )
    .await?;
    tx.commit().await
}

async fn record(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    action: &'static str,
    (group, user): (ConversationId, UserId),
) -> Result<()> {
    let deed = Deed::new(actor.user, action, group).after(json!({ "user_id": user }));
    audit::record(tx, deed, app.clock.now()).await
}
