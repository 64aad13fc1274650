//! Coming in and going out: the notice first, then the interval that begins or ends with its number.

use proto::{Notice, NoticeKind, User, UserKind};

use super::{hold::Group, notice, queries};
use crate::{
    app::App,
    error::{Refusal, Result},
    fact::Fact,
    id::{ConversationId, UserId},
    store::{Recheck, Tx},
};

/// Finds room for so many in the group, and for one group more in the life of each. Gives how many are in it then. Refuses
/// with `group_full`, `too_many_groups`.
pub(super) async fn find_room(
    app: &App,
    tx: &mut Tx,
    group: ConversationId,
    people: &[UserId],
) -> Result<i32> {
    let limits = &app.config.limits;
    let members = queries::take_places(tx, group, people.len(), limits.group_members).await?;
    let members = members.ok_or(Refusal::GroupFull)?;
    queries::hold_people(tx, people).await?;
    let most = (limits.groups_per_customer, limits.groups_per_colleague);
    if queries::in_too_many_groups(tx, people, most).await? {
        return Err(Refusal::TooManyGroups.into());
    }
    Ok(members)
}

/// Takes people in, all with one notice: they see it and what comes after. Refuses as [`find_room`] does.
pub(super) async fn admit(
    app: &App,
    tx: &mut Tx,
    group: &Group,
    people: Vec<User>,
    invitation: Invitation,
) -> Result<()> {
    let ids: Vec<UserId> = people
        .iter()
        .filter_map(|user| user.id.parse().ok())
        .collect();
    find_room(app, tx, group.id, &ids).await?;
    let working = people
        .iter()
        .filter(|user| user.kind() != UserKind::Customer);
    let working: Vec<UserId> = working.filter_map(|user| user.id.parse().ok()).collect();
    let inviter = invitation
        .inviter
        .as_ref()
        .and_then(|user| user.id.parse().ok());
    let said = Notice {
        kind: NoticeKind::MembersJoined.into(),
        actor: invitation.actor,
        subjects: people,
        inviter: invitation.inviter,
    };
    let number = notice::say(app, tx, group.id, said, "").await?;
    let now = app.clock.now();
    let returned = queries::begin_intervals(tx, group.id, &ids, inviter, number, now).await?;
    // Lines may not know of an earlier time: they came while these people were away. Those of staff and bots may know of one
    // that went with an earlier post.
    let mut anew = returned.ok_or(Refusal::NotFound)?;
    anew.extend(working);
    tx.recheck(&anew, Recheck::Rights, "came_back").await?;
    queries::forget_requests(tx, group.id, &ids).await?;
    let fact = Fact::MembersJoined {
        conversation_id: group.id,
        user_ids: ids,
        inviter_id: inviter,
    };
    tx.remember(&fact, now).await
}

/// How people come in.
pub(super) struct Invitation {
    /// Who let them in, for the notice; nobody: they came by themselves.
    pub actor: Option<User>,
    /// Who invited them; nobody: they were added.
    pub inviter: Option<User>,
}

/// Lets somebody out: `said`, which must name them, is the last that they see. Their own invitations end with them.
pub(super) async fn part(
    app: &App,
    tx: &mut Tx,
    group: &Group,
    user: UserId,
    said: Notice,
) -> Result<()> {
    let number = notice::say(app, tx, group.id, said, "").await?;
    if !queries::end_interval(tx, group.id, user, number).await? {
        return Err(Refusal::NotFound.into());
    }
    queries::give_place_back(tx, group.id).await?;
    let now = app.clock.now();
    queries::revoke_invites_of(tx, group.id, user, now).await?;
    let fact = Fact::MemberLeft {
        conversation_id: group.id,
        user_id: user,
    };
    tx.remember(&fact, now).await
}
