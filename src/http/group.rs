//! Groups over REST.

use axum::{Json, extract::State};
use proto::{
    AcceptInvite, AddMembers, ChangeGroup, CreateGroup, Done, Group, GroupPage, HandOver, Invite,
    InvitePage, JoinRequestPage, ListMembers, MakeInvite, MemberPage, MembersAdded, MuteMember,
};

use super::{
    body::{Asked, Body, Named, PageOf},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{Actor, ManageGroups, Staff},
    app::App,
    error::refused_argument,
    group,
    id::{ConversationId, InviteId, UserId},
};

/// A group and somebody in it, or on the way.
type Place = Named<(ConversationId, UserId)>;

macro_rules! done {
    ($verb:expr) => {{
        $verb.await?;
        Ok(Json(Done {}))
    }};
}

/// Make a group of the shop; whoever makes it owns it.
#[utoipa::path(post, path = "/shops/{shop_id}/groups", tag = "groups", security(("token" = [])),
    params(("shop_id" = String, Path)), request_body = CreateGroup,
    responses((status = 201, body = Group), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn create(
    State(app): State<App>,
    staff: Staff<ManageGroups>,
    Body(request): Body<CreateGroup>,
) -> Created<Group> {
    Ok(created(group::create::create(&app, &staff, request).await?))
}

/// The groups of the shop, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/groups", tag = "groups", security(("token" = [])),
    params(("shop_id" = String, Path), PageOf),
    responses((status = 200, body = GroupPage), (status = 403, body = ProblemBody)))]
pub async fn of_shop(
    State(app): State<App>,
    staff: Staff<ManageGroups>,
    Asked(page): Asked<PageOf>,
) -> Answer<GroupPage> {
    let groups = group::list::groups(&app, &staff, &page.cursor, page.limit).await?;
    Ok(Json(groups))
}

/// One group, as the caller sees it.
#[utoipa::path(get, path = "/groups/{group_id}", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path)),
    responses((status = 200, body = Group), (status = 404, body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Named(id): Named<ConversationId>,
) -> Answer<Group> {
    Ok(Json(group::list::group(&app, &actor, id).await?))
}

/// Rename, announce, mute everybody, let people wait for approval.
#[utoipa::path(patch, path = "/groups/{group_id}", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path)), request_body = ChangeGroup,
    responses((status = 200, body = Group), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn change(
    State(app): State<App>,
    actor: Actor,
    Named(id): Named<ConversationId>,
    Body(request): Body<ChangeGroup>,
) -> Answer<Group> {
    let changed = group::change::change(&app, &actor, id, request).await?;
    Ok(Json(changed))
}

/// End the group: everybody is told, nothing is said in it any more.
#[utoipa::path(delete, path = "/groups/{group_id}", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn dissolve(
    State(app): State<App>,
    actor: Actor,
    Named(id): Named<ConversationId>,
) -> Answer<Done> {
    done!(group::dissolve::dissolve(&app, &actor, id))
}

/// Who is in it, in order of joining.
#[utoipa::path(get, path = "/groups/{group_id}/members", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path), PageOf),
    responses((status = 200, body = MemberPage), (status = 404, body = ProblemBody)))]
pub async fn members(
    State(app): State<App>,
    actor: Actor,
    Named(id): Named<ConversationId>,
    Asked(page): Asked<PageOf>,
) -> Answer<MemberPage> {
    let request = ListMembers {
        conversation_id: id.to_string(),
        cursor: page.cursor,
        limit: page.limit,
    };
    Ok(Json(group::list::members(&app, &actor, request).await?))
}

/// Put customers, staff and bots of the shop into it.
#[utoipa::path(post, path = "/groups/{group_id}/members", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path)), request_body = AddMembers,
    responses((status = 201, body = MembersAdded), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn add(
    State(app): State<App>,
    actor: Actor,
    Named(id): Named<ConversationId>,
    Body(request): Body<AddMembers>,
) -> Created<MembersAdded> {
    Ok(created(group::add::add(&app, &actor, id, request).await?))
}

/// Send a member out.
#[utoipa::path(delete, path = "/groups/{group_id}/members/{user_id}", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path), ("user_id" = String, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn remove(
    State(app): State<App>,
    actor: Actor,
    Named((id, user)): Place,
) -> Answer<Done> {
    done!(group::remove::remove(&app, &actor, id, user))
}

/// Leave it.
#[utoipa::path(post, path = "/groups/{group_id}/leave", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path)),
    responses((status = 200, body = Done), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn leave(
    State(app): State<App>,
    actor: Actor,
    Named(id): Named<ConversationId>,
) -> Answer<Done> {
    done!(group::leave::leave(&app, &actor, id))
}

/// Silence a member for a time.
#[utoipa::path(put, path = "/groups/{group_id}/members/{user_id}/mute", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path), ("user_id" = String, Path)), request_body = MuteMember,
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn mute(
    State(app): State<App>,
    actor: Actor,
    Named((id, user)): Place,
    Body(request): Body<MuteMember>,
) -> Answer<Done> {
    done!(group::mute::mute(&app, &actor, id, user, request.until))
}

/// Let a member speak again.
#[utoipa::path(delete, path = "/groups/{group_id}/members/{user_id}/mute", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path), ("user_id" = String, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn unmute(
    State(app): State<App>,
    actor: Actor,
    Named((id, user)): Place,
) -> Answer<Done> {
    done!(group::mute::unmute(&app, &actor, id, user))
}

/// Name a manager.
#[utoipa::path(put, path = "/groups/{group_id}/managers/{user_id}", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path), ("user_id" = String, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn name_manager(
    State(app): State<App>,
    actor: Actor,
    Named((id, user)): Place,
) -> Answer<Done> {
    done!(group::manager::name(&app, &actor, id, user))
}

/// Dismiss a manager.
#[utoipa::path(delete, path = "/groups/{group_id}/managers/{user_id}", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path), ("user_id" = String, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn dismiss_manager(
    State(app): State<App>,
    actor: Actor,
    Named((id, user)): Place,
) -> Answer<Done> {
    done!(group::manager::dismiss(&app, &actor, id, user))
}

/// Give the group to a new owner, who works for the shop.
#[utoipa::path(put, path = "/groups/{group_id}/owner", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path)), request_body = HandOver,
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn hand_over(
    State(app): State<App>,
    actor: Actor,
    Named(id): Named<ConversationId>,
    Body(request): Body<HandOver>,
) -> Answer<Done> {
    let heir = request.user_id.parse();
    let heir = heir.map_err(|_| refused_argument("user_id", "is not an id"))?;
    done!(group::hand_over::hand_over(&app, &actor, id, heir))
}

/// Make a link, or invite one person.
#[utoipa::path(post, path = "/groups/{group_id}/invites", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path)), request_body = MakeInvite,
    responses((status = 201, body = Invite), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn invite(
    State(app): State<App>,
    actor: Actor,
    Named(id): Named<ConversationId>,
    Body(request): Body<MakeInvite>,
) -> Created<Invite> {
    Ok(created(
        group::invite::make(&app, &actor, id, request).await?,
    ))
}

/// The open links and invitations: managers see all, others their own.
#[utoipa::path(get, path = "/groups/{group_id}/invites", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path), PageOf),
    responses((status = 200, body = InvitePage), (status = 404, body = ProblemBody)))]
pub async fn invites(
    State(app): State<App>,
    actor: Actor,
    Named(id): Named<ConversationId>,
    Asked(page): Asked<PageOf>,
) -> Answer<InvitePage> {
    let invites = group::invite::list(&app, &actor, id, &page.cursor, page.limit).await?;
    Ok(Json(invites))
}

/// Let nobody in by this link or invitation any more.
#[utoipa::path(delete, path = "/groups/{group_id}/invites/{invite_id}", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path), ("invite_id" = String, Path)),
    responses((status = 200, body = Done), (status = 404, body = ProblemBody)))]
pub async fn revoke_invite(
    State(app): State<App>,
    actor: Actor,
    Named((id, invite)): Named<(ConversationId, InviteId)>,
) -> Answer<Done> {
    done!(group::invite::revoke(&app, &actor, id, invite))
}

/// The invitations that wait for the caller.
#[utoipa::path(get, path = "/invites", tag = "groups", security(("token" = [])), params(PageOf),
    responses((status = 200, body = InvitePage)))]
pub async fn my_invites(
    State(app): State<App>,
    actor: Actor,
    Asked(page): Asked<PageOf>,
) -> Answer<InvitePage> {
    let invites = group::invite::mine(&app, &actor, &page.cursor, page.limit).await?;
    Ok(Json(invites))
}

/// Come into a group by a link or a personal invitation. Where a manager has to approve, the answer is `join_pending`.
#[utoipa::path(post, path = "/invites/accept", tag = "groups", security(("token" = [])), request_body = AcceptInvite,
    responses((status = 201, body = Group), (status = 409, body = ProblemBody), (status = 410, body = ProblemBody)))]
pub async fn join(
    State(app): State<App>,
    actor: Actor,
    Body(request): Body<AcceptInvite>,
) -> Created<Group> {
    Ok(created(group::join::join(&app, &actor, request).await?))
}

/// Who waits for approval, the longest waiting first.
#[utoipa::path(get, path = "/groups/{group_id}/requests", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path), PageOf),
    responses((status = 200, body = JoinRequestPage), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn requests(
    State(app): State<App>,
    actor: Actor,
    Named(id): Named<ConversationId>,
    Asked(page): Asked<PageOf>,
) -> Answer<JoinRequestPage> {
    let waiting = group::list::requests(&app, &actor, id, &page.cursor, page.limit).await?;
    Ok(Json(waiting))
}

/// Let a waiting person in.
#[utoipa::path(post, path = "/groups/{group_id}/requests/{user_id}/approve", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path), ("user_id" = String, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn approve(
    State(app): State<App>,
    actor: Actor,
    Named((id, user)): Place,
) -> Answer<Done> {
    done!(group::approve::approve(&app, &actor, id, user))
}

/// Send a waiting person away.
#[utoipa::path(post, path = "/groups/{group_id}/requests/{user_id}/decline", tag = "groups", security(("token" = [])),
    params(("group_id" = String, Path), ("user_id" = String, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn decline(
    State(app): State<App>,
    actor: Actor,
    Named((id, user)): Place,
) -> Answer<Done> {
    done!(group::approve::decline(&app, &actor, id, user))
}
