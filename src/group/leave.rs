//! Go out of a group.

use proto::{GroupRole, NoticeKind};

use super::{Power, door, hold, notice};
use crate::{
    actor::Actor,
    app::App,
    error::{Refusal, Result},
    id::ConversationId,
};

/// Leaves: the notice of it is the last that this person sees. The owner hands over or dissolves first.
///
/// Refuses with `not_a_member` staff who are not in it, with `last_owner` the owner.
pub async fn leave(app: &App, actor: &Actor, group: ConversationId) -> Result<()> {
    let (mut tx, group) = hold::open(app, actor, group, Power::Member).await?;
    match group.role {
        GroupRole::Unspecified => return Err(Refusal::NotAMember.into()),
        GroupRole::Owner if !group.closed => return Err(Refusal::LastOwner.into()),
        _ => {}
    }
    let said = notice::about(actor, NoticeKind::MemberLeft, vec![actor.as_seen()]);
    door::part(app, &mut tx, &group, actor.user, said).await?;
    tx.commit().await
}
