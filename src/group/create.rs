//! Make a group.

use proto::{CreateGroup, GroupRole, NoticeKind, UserKind};
use serde_json::json;

use super::{
    Candidate, Power, announcement, door::find_room, hold::Group, notice, people, queries, wire,
};
use crate::{
    actor::{ManageGroups, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    fact::Fact,
    id::{ConversationId, UserId},
    rights,
    store::Tx,
    words,
};

/// Makes a group of the shop with its first members; whoever makes it owns it (GRP-01).
///
/// Refuses with `rate_limited`, `invalid_argument`, with `not_found` if somebody named is not one of the shop's people, `group_full`,
/// `too_many_groups`.
pub async fn create(
    app: &App,
    staff: &Staff<ManageGroups>,
    request: CreateGroup,
) -> Result<proto::Group> {
    if staff.actor.kind != UserKind::Merchant {
        return Err(Refusal::Forbidden.into());
    }
    let others = people(&request.user_ids)?;
    app.sends.take(staff.actor.user)?;
    let mut tx = app.store.begin(staff.shop).await?;
    // Alone: the groups that the shop has are counted.
    rights::lock(&mut tx, staff).await?;
    let group = Group {
        id: ConversationId::new(),
        shop: staff.shop,
        name: words::name("name", &request.name)?.to_owned(),
        announcement: announcement(&request.announcement)?,
        join_approval: request.join_approval,
        all_muted: false,
        closed: false,
        members: 1,
        role: GroupRole::Owner,
        muted_until: None,
        power: Power::Owner,
    };
    let now = app.clock.now();
    let most = app.config.limits.groups_per_shop;
    if !queries::create(&mut tx, &group, staff.actor.user, most, now).await? {
        return Err(Refusal::TooManyGroups.into());
    }
    let first = first_members(&mut tx, staff, &group, others).await?;
    let ids: Vec<UserId> = first.iter().map(|one| one.id).collect();
    let members = find_room(app, &mut tx, group.id, &ids).await?;
    let subjects = first.into_iter().map(|one| one.user).collect();
    let said = notice::about(&staff.actor, NoticeKind::GroupCreated, subjects);
    let number = notice::say(app, &mut tx, group.id, said, &group.name).await?;
    queries::begin_intervals(&mut tx, group.id, &ids, None, number, now)
        .await?
        .ok_or(Refusal::NotFound)?;
    queries::make_owner(&mut tx, group.id, staff.actor.user).await?;
    let fact = Fact::MembersJoined {
        conversation_id: group.id,
        user_ids: ids,
        inviter_id: None,
    };
    tx.remember(&fact, now).await?;
    let deed = Deed::new(staff.actor.user, "group.created", group.id)
        .after(json!({ "name": group.name, "members": members }));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(wire::group(&Group { members, ..group }, now))
}

/// Its maker and those named, who must all be the shop's people.
async fn first_members(
    tx: &mut Tx,
    staff: &Staff<ManageGroups>,
    group: &Group,
    mut ids: Vec<UserId>,
) -> Result<Vec<Candidate>> {
    if !ids.contains(&staff.actor.user) {
        ids.push(staff.actor.user);
    }
    let found = queries::candidates(tx, group.id, &ids).await?;
    if found.len() < ids.len() || !found.iter().all(|one| one.addable(group.shop)) {
        return Err(Refusal::NotFound.into());
    }
    Ok(found)
}
