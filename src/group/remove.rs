//! Send somebody out of a group.

use proto::{NoticeKind, json::Word as _};
use serde_json::json;

use super::{Power, door, hold, notice, queries};
use crate::{
    actor::Actor,
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::{ConversationId, UserId},
};

/// Removes a member: the notice of it is the last that they see, on every node.
///
/// Refuses with `not_found` if they are not in it, with `forbidden` unless the power here is above their role.
pub async fn remove(app: &App, actor: &Actor, group: ConversationId, user: UserId) -> Result<()> {
    let (mut tx, group) = hold::open(app, actor, group, Power::Manager).await?;
    let member = queries::member(&mut tx, group.id, user).await?;
    let member = member.ok_or(Refusal::NotFound)?;
    if !group.power.may_overrule(member.role) {
        return Err(Refusal::Forbidden.into());
    }
    let said = notice::about(actor, NoticeKind::MemberRemoved, vec![member.user]);
    door::part(app, &mut tx, &group, user, said).await?;
    let before = json!({ "user_id": user, "role": member.role.word() });
    let deed = Deed::new(actor.user, "group.member_removed", group.id).before(before);
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await
}
