//! A shop's staff, their invitations and roles over REST.

use axum::{Json, extract::State};
use proto::{Done, Permission};
use serde::{Deserialize, Serialize};

use super::{
    at::{OfRole, OfStaffInvite, OfUser},
    body::{Asked, Body, Named, PageOf},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{ManageStaff, Merchant, Staff},
    app::App,
    id::{RoleId, ShopId, StaffInviteId, UserId},
    staff::{
        self, Colleague, StaffPage,
        change::Change,
        invite::{Newcomer, StaffInvite},
        join::MyStaffInvite,
        roles::Role,
    },
};

/// Somebody to be invited.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewColleague {
    /// Their mobile number: whoever gets its codes logs in.
    phone: String,
    /// What the shop calls them until they come, and the name of the account if they open theirs by this invitation; 1 to
    /// 100 characters.
    name: String,
    role_id: RoleId,
}

/// Open invitations of a shop.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StaffInvites {
    invites: Vec<StaffInvite>,
}

/// Open invitations of a person.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MyStaffInvites {
    invites: Vec<MyStaffInvite>,
}

/// What is to be different; what is missing stays.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ColleagueChange {
    role_id: Option<RoleId>,
    disabled: Option<bool>,
}

/// A role to be composed.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// 1 to 50 characters.
    name: String,
    #[schema(value_type = Vec<Permission>)]
    permissions: Vec<String>,
}

/// What is to be different; what is missing stays.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleChange {
    /// 1 to 50 characters.
    name: Option<String>,
    #[schema(value_type = Option<Vec<Permission>>)]
    permissions: Option<Vec<String>>,
}

/// Roles.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Roles {
    roles: Vec<Role>,
}

/// The shop's staff.
#[utoipa::path(get, path = "/shops/{shop_id}/staff", tag = "staff", security(("token" = [])),
    params(("shop_id" = ShopId, Path), PageOf), responses((status = 200, body = StaffPage), (status = 403, body = ProblemBody)))]
pub async fn list(
    State(app): State<App>,
    by: Staff<ManageStaff>,
    Asked(page): Asked<PageOf>,
) -> Answer<StaffPage> {
    Ok(Json(
        staff::list(&app, &by, &page.cursor, page.limit).await?,
    ))
}

/// Invite somebody to the staff by phone number. The answer says nothing of the number's account, nor whether there is one:
/// who it is, the staff see once they have accepted. It opens no account: whoever has none yet logs in by code
/// (`purpose`: `log_in`), which opens it, or registers.
#[utoipa::path(post, path = "/shops/{shop_id}/staff-invites", tag = "staff", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewColleague,
    responses((status = 201, body = StaffInvite), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
        (status = 429, body = ProblemBody, description = "`rate_limited`: so many invitations in a day, and to one number; says when to come again")))]
pub async fn invite(
    State(app): State<App>,
    by: Staff<ManageStaff>,
    Body(body): Body<NewColleague>,
) -> Created<StaffInvite> {
    let newcomer = Newcomer {
        phone: &body.phone,
        name: &body.name,
        role: body.role_id,
    };
    Ok(created(staff::invite::invite(&app, &by, newcomer).await?))
}

/// The shop's open invitations to its staff, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/staff-invites", tag = "staff", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = StaffInvites), (status = 403, body = ProblemBody)))]
pub async fn invites(State(app): State<App>, by: Staff<ManageStaff>) -> Answer<StaffInvites> {
    let invites = staff::invite::open(&app, &by).await?;
    Ok(Json(StaffInvites { invites }))
}

/// Take an invitation back.
#[utoipa::path(delete, path = "/shops/{shop_id}/staff-invites/{invite_id}", tag = "staff", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("invite_id" = StaffInviteId, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn withdraw(
    State(app): State<App>,
    by: Staff<ManageStaff>,
    Named(at): Named<OfStaffInvite>,
) -> Answer<Done> {
    staff::invite::withdraw(&app, &by, at.invite_id).await?;
    Ok(Json(Done {}))
}

/// The shops that invite me to their staff, the newest invitation first, at most 100; merchant accounts only.
#[utoipa::path(get, path = "/staff-invites", tag = "me", security(("token" = [])),
    responses((status = 200, body = MyStaffInvites), (status = 403, body = ProblemBody)))]
pub async fn my_invites(State(app): State<App>, me: Merchant) -> Answer<MyStaffInvites> {
    let invites = staff::join::mine(&app, &me).await?;
    Ok(Json(MyStaffInvites { invites }))
}

/// Come to a shop's staff. From now on its staff see who I am.
#[utoipa::path(post, path = "/staff-invites/{invite_id}/accept", tag = "me", security(("token" = [])),
    params(("invite_id" = StaffInviteId, Path)),
    responses((status = 201, body = Colleague), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 410, body = ProblemBody)))]
pub async fn join(
    State(app): State<App>,
    me: Merchant,
    Named(at): Named<OfStaffInvite>,
) -> Created<Colleague> {
    Ok(created(staff::join::join(&app, &me, at.invite_id).await?))
}

/// Decline an invitation.
#[utoipa::path(delete, path = "/staff-invites/{invite_id}", tag = "me", security(("token" = [])),
    params(("invite_id" = StaffInviteId, Path)),
    responses((status = 200, body = Done), (status = 403, body = ProblemBody), (status = 410, body = ProblemBody)))]
pub async fn decline(
    State(app): State<App>,
    me: Merchant,
    Named(at): Named<OfStaffInvite>,
) -> Answer<Done> {
    staff::join::decline(&app, &me, at.invite_id).await?;
    Ok(Json(Done {}))
}

/// Give somebody another role, disable them, or let them work again.
#[utoipa::path(patch, path = "/shops/{shop_id}/staff/{user_id}", tag = "staff", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("user_id" = UserId, Path)), request_body = ColleagueChange,
    responses((status = 200, body = Colleague), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn change(
    State(app): State<App>,
    by: Staff<ManageStaff>,
    Named(at): Named<OfUser>,
    Body(body): Body<ColleagueChange>,
) -> Answer<Colleague> {
    let change = Change {
        role: body.role_id,
        disabled: body.disabled,
    };
    Ok(Json(
        staff::change::change(&app, &by, at.user_id, change).await?,
    ))
}

/// All roles that the shop can give.
#[utoipa::path(get, path = "/shops/{shop_id}/roles", tag = "staff", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Roles), (status = 403, body = ProblemBody)))]
pub async fn roles(State(app): State<App>, by: Staff<ManageStaff>) -> Answer<Roles> {
    let roles = staff::roles::list(&app, &by).await?;
    Ok(Json(Roles { roles }))
}

/// Compose a role from single permissions.
#[utoipa::path(post, path = "/shops/{shop_id}/roles", tag = "staff", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewRole,
    responses((status = 201, body = Role), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn compose(
    State(app): State<App>,
    by: Staff<ManageStaff>,
    Body(body): Body<NewRole>,
) -> Created<Role> {
    let permissions = staff::permissions("permissions", &body.permissions)?;
    Ok(created(
        staff::roles::compose(&app, &by, &body.name, permissions).await?,
    ))
}

/// Change a role of the shop's own, for everybody who has it.
#[utoipa::path(patch, path = "/shops/{shop_id}/roles/{role_id}", tag = "staff", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("role_id" = RoleId, Path)), request_body = RoleChange,
    responses((status = 200, body = Role), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn change_role(
    State(app): State<App>,
    by: Staff<ManageStaff>,
    Named(at): Named<OfRole>,
    Body(body): Body<RoleChange>,
) -> Answer<Role> {
    let permissions = body
        .permissions
        .map(|words| staff::permissions("permissions", &words))
        .transpose()?;
    let changed =
        staff::roles::change(&app, &by, at.role_id, body.name.as_deref(), permissions).await?;
    Ok(Json(changed))
}
