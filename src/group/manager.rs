//! Name a manager and dismiss one.

use proto::{GroupRole, NoticeKind, json::Word as _};
use serde_json::json;

use super::{Power, hold, notice, queries};
use crate::{
    actor::Actor,
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::{ConversationId, UserId},
};

/// A member becomes a manager. Does nothing if they are. Refuses with `not_found` if they are not in it, with `conflict`
/// for the owner, `conversation_closed`.
pub async fn name(app: &App, actor: &Actor, group: ConversationId, user: UserId) -> Result<()> {
    turn(app, actor, group, user, GroupRole::Manager).await
}

/// A manager becomes a member. Does nothing if they are. Refuses like [`name`].
pub async fn dismiss(app: &App, actor: &Actor, group: ConversationId, user: UserId) -> Result<()> {
    turn(app, actor, group, user, GroupRole::Member).await
}

async fn turn(
    app: &App,
    actor: &Actor,
    group: ConversationId,
    user: UserId,
    role: GroupRole,
) -> Result<()> {
    let (mut tx, group) = hold::open(app, actor, group, Power::Owner).await?;
    group.require_open()?;
    let member = queries::member(&mut tx, group.id, user).await?;
    let member = member.ok_or(Refusal::NotFound)?;
    if member.role == GroupRole::Owner {
        return Err(Refusal::Conflict.into());
    }
    if member.role == role {
        return Ok(());
    }
    queries::give_role(&mut tx, group.id, user, role).await?;
    let kind = match role {
        GroupRole::Manager => NoticeKind::ManagerNamed,
        _ => NoticeKind::ManagerDismissed,
    };
    let said = notice::about(actor, kind, vec![member.user]);
    notice::say(app, &mut tx, group.id, said, "").await?;
    notice::changed(&mut tx, &group);
    let seen = |role: GroupRole| json!({ "user_id": user, "role": role.word() });
    let deed = Deed::new(actor.user, "group.role_changed", group.id)
        .before(seen(member.role))
        .after(seen(role));
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await
}
