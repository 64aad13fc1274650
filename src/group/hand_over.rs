//! Give a group to a new owner.

use proto::NoticeKind;
use serde_json::json;

use super::{Power, hold, notice, queries};
use crate::{
    actor::Actor,
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::{ConversationId, UserId},
};

/// A member who works for the shop becomes the owner; who was it becomes a manager. Does nothing if they own it.
///
/// Refuses with `not_found` if they are not in it, with `invalid_argument` if they do not work for the shop: the owner
/// of a group speaks for the shop. Also `conversation_closed`.
pub async fn hand_over(
    app: &App,
    actor: &Actor,
    group: ConversationId,
    user: UserId,
) -> Result<()> {
    let (mut tx, group) = hold::open(app, actor, group, Power::Owner).await?;
    group.require_open()?;
    let found = queries::candidates(&mut tx, group.id, &[user]).await?.pop();
    let heir = found.filter(|one| one.member).ok_or(Refusal::NotFound)?;
    if !heir.may_own() || heir.banned {
        return Err(refused_argument("user_id", "does not work for the shop"));
    }
    let former = queries::owner(&mut tx, group.id).await?;
    if former == Some(user) {
        return Ok(());
    }
    queries::step_down(&mut tx, group.id).await?;
    queries::make_owner(&mut tx, group.id, user).await?;
    let said = notice::about(actor, NoticeKind::OwnerChanged, vec![heir.user]);
    notice::say(app, &mut tx, group.id, said, "").await?;
    notice::changed(&mut tx, &group);
    let seen = |owner: Option<UserId>| json!({ "owner": owner });
    let deed = Deed::new(actor.user, "group.owner_changed", group.id)
        .before(seen(former))
        .after(seen(Some(user)));
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await
}
