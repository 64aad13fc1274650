//! A shop's staff and roles over REST, and everybody's choice of alerts.

use axum::{Json, extract::State};
use proto::{AlertKind, Permission};
use serde::{Deserialize, Serialize};

use super::{
    at::{OfRole, OfUser},
    body::{Asked, Body, Named, PageOf},
    reply::{Answer, ProblemBody},
};
use crate::{
    actor::{Actor, ManageStaff, Staff},
    app::App,
    id::{RoleId, ShopId, UserId},
    staff::{self, Colleague, StaffPage, add::Newcomer, change::Change, roles::Role},
};

/// Somebody to be added.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewColleague {
    /// Their mobile number: whoever gets its codes logs in.
    phone: String,
    /// For a number that has no merchant account yet; 1 to 100 characters.
    name: String,
    role_id: RoleId,
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

/// Alerts that are shown.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    #[schema(value_type = Vec<AlertKind>)]
    wanted: Vec<String>,
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

/// Add somebody to the staff.
#[utoipa::path(post, path = "/shops/{shop_id}/staff", tag = "staff", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewColleague,
    responses((status = 200, body = Colleague), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn add(
    State(app): State<App>,
    by: Staff<ManageStaff>,
    Body(body): Body<NewColleague>,
) -> Answer<Colleague> {
    let newcomer = Newcomer {
        phone: &body.phone,
        name: &body.name,
        role: body.role_id,
    };
    Ok(Json(staff::add::add(&app, &by, newcomer).await?))
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
    responses((status = 200, body = Role), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn compose(
    State(app): State<App>,
    by: Staff<ManageStaff>,
    Body(body): Body<NewRole>,
) -> Answer<Role> {
    let permissions = staff::permissions("permissions", &body.permissions)?;
    Ok(Json(
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

/// The alerts that I am shown.
#[utoipa::path(get, path = "/me/alerts", tag = "me", security(("token" = [])), responses((status = 200, body = Alerts)))]
pub async fn alerts(State(app): State<App>, actor: Actor) -> Answer<Alerts> {
    let wanted = staff::alerts::wanted(&app, actor.user).await?;
    Ok(Json(Alerts { wanted }))
}

/// Choose the alerts that I am shown, on all devices from now on.
#[utoipa::path(put, path = "/me/alerts", tag = "me", security(("token" = [])), request_body = Alerts,
    responses((status = 200, body = Alerts), (status = 422, body = ProblemBody)))]
pub async fn choose_alerts(
    State(app): State<App>,
    actor: Actor,
    Body(body): Body<Alerts>,
) -> Answer<Alerts> {
    let wanted = staff::alerts::choose(&app, &actor, &body.wanted).await?;
    Ok(Json(Alerts { wanted }))
}
