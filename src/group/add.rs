//! Put people into a group.

use proto::{AddMembers, MembersAdded};
use serde_json::json;

use super::{Power, door, door::Invitation, hold, people, queries};
use crate::{
    actor::Actor,
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::ConversationId,
};

/// Adds customers, staff and bots of the shop, all with one notice and without an inviter. Who is in it already is
/// passed over, so that repeating is harmless.
///
/// Refuses with `not_found` if somebody named is not one of the shop's people, `already_a_member` if all are in it,
/// `group_full` if not all of them find a place, `too_many_groups`, `conversation_closed`.
pub async fn add(
    app: &App,
    actor: &Actor,
    group: ConversationId,
    request: AddMembers,
) -> Result<MembersAdded> {
    let ids = people(&request.user_ids)?;
    if ids.is_empty() {
        return Err(refused_argument("user_ids", "is empty"));
    }
    let (mut tx, group) = hold::open(app, actor, group, Power::Manager).await?;
    group.require_open()?;
    let found = queries::candidates(&mut tx, group.id, &ids).await?;
    let shop = group.shop;
    if found.len() < ids.len() || !found.iter().all(|one| one.member || one.addable(shop)) {
        return Err(Refusal::NotFound.into());
    }
    let new = found.into_iter().filter(|one| !one.member);
    let new: Vec<_> = new.map(|one| one.user).collect();
    if new.is_empty() {
        return Err(Refusal::AlreadyAMember.into());
    }
    let added = u32::try_from(new.len()).unwrap_or(u32::MAX);
    let ids: Vec<&str> = new.iter().map(|user| &user.id[..]).collect();
    let deed =
        Deed::new(actor.user, "group.members_added", group.id).after(json!({ "user_ids": ids }));
    audit::record(&mut tx, deed, app.clock.now()).await?;
    let by_hand = Invitation {
        actor: Some(actor.as_seen()),
        inviter: None,
    };
    door::admit(app, &mut tx, &group, new, by_hand).await?;
    tx.commit().await?;
    let members = group.members.unsigned_abs() + added;
    Ok(MembersAdded { added, members })
}
