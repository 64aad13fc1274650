//! Voices of hooks in groups: let in by those who manage the shop's bots, whatever they may do in the group itself.

use proto::User;

use super::{door, door::Invitation, hold::Group, queries};
use crate::{
    actor::Actor,
    app::App,
    error::{Refusal, Result},
    id::ConversationId,
    store::Tx,
};

/// Lets the bot of a hook in, with a notice; the hook is there already. Refuses with `not_found` a group that is not the shop's, with `conversation_closed`,
/// with `group_full`.
pub async fn let_in(
    app: &App,
    tx: &mut Tx,
    by: &Actor,
    group: ConversationId,
    bot: User,
) -> Result<()> {
    let group = hold(tx, by, group).await?;
    group.require_open()?;
    let invitation = Invitation {
        actor: Some(by.as_seen()),
        inviter: None,
    };
    door::admit(app, tx, &group, vec![bot], invitation).await
}

async fn hold(tx: &mut Tx, by: &Actor, group: ConversationId) -> Result<Group> {
    queries::lock(tx, group).await?;
    let found = queries::group(tx.sql(), group, by.user).await?;
    let shop = tx.shop()?;
    Ok(found
        .filter(|group| group.shop == shop)
        .ok_or(Refusal::NotFound)?)
}
