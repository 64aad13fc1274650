//! Roles: the built-in ones, and those that a shop composes from single permissions (STAFF-05).

use proto::Permission;
use serde::Serialize;

use super::{may_change, queries};
use crate::{
    actor::{ManageStaff, Permissions, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::RoleId,
    rights,
    store::{Recheck, Tx},
    words,
};

/// Roles that one shop composes at most.
const MOST: i64 = 100;
/// Characters of a role's name at most.
const NAME: usize = 50;

/// A set of permissions with a name.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// 1 to 50 characters; no two of a shop are the same.
    pub name: String,
    /// What it allows.
    #[schema(value_type = Vec<Permission>)]
    pub permissions: Vec<String>,
    /// The same in every shop; cannot be changed.
    pub built_in: bool,
}

impl Role {
    pub(super) fn set(&self) -> Permissions {
        Permissions::from_words(&self.permissions)
    }

    fn as_audited(&self) -> serde_json::Value {
        serde_json::json!({ "name": self.name, "permissions": self.permissions })
    }
}

/// All roles that the shop can give.
pub async fn list(app: &App, by: &Staff<ManageStaff>) -> Result<Vec<Role>> {
    let mut tx = app.store.begin(by.shop).await?;
    queries::roles(&mut tx).await
}

/// Composes a role. Refuses with `forbidden` what its composer may not do, with `name_taken`, with `quota_exceeded`
/// beyond 100 roles.
pub async fn compose(
    app: &App,
    by: &Staff<ManageStaff>,
    wanted: &str,
    permissions: Permissions,
) -> Result<Role> {
    let name = words::line("name", wanted, NAME)?;
    let mut tx = app.store.begin(by.shop).await?;
    let held = rights::lock(&mut tx, by).await?;
    may_change(held, Permissions::NONE, permissions)?;
    not_built_in(&mut tx, name).await?;
    let role = queries::add_role(&mut tx, name, &permissions.words(), MOST)
        .await?
        .ok_or(Refusal::QuotaExceeded)?;
    write_down(app, &mut tx, by, "role.composed", None, &role).await?;
    tx.commit().await?;
    Ok(role)
}

/// Changes a role of the shop's own, for everybody who has it, at once. Refuses with `not_found` a role that is not the
/// shop's own, with `forbidden` what [`may_change`] forbids, with `name_taken`.
pub async fn change(
    app: &App,
    by: &Staff<ManageStaff>,
    role: RoleId,
    wanted: Option<&str>,
    permissions: Option<Permissions>,
) -> Result<Role> {
    let mut tx = app.store.begin(by.shop).await?;
    let held = rights::lock(&mut tx, by).await?;
    let before = queries::role(&mut tx, role)
        .await?
        .filter(|role| !role.built_in)
        .ok_or(Refusal::NotFound)?;
    let after = Role {
        name: words::line("name", wanted.unwrap_or(&before.name), NAME)?.to_owned(),
        permissions: permissions.unwrap_or(before.set()).words(),
        ..before.clone()
    };
    may_change(held, before.set(), after.set())?;
    if after.name != before.name {
        not_built_in(&mut tx, &after.name).await?;
    }
    queries::change_role(&mut tx, &after).await?;
    let holders = queries::holders(&mut tx, role).await?;
    let what = if after.set() == before.set() {
        Recheck::Person
    } else {
        Recheck::Rights
    };
    tx.recheck(&holders, what, "role_changed").await?;
    write_down(app, &mut tx, by, "role.changed", Some(&before), &after).await?;
    tx.commit().await?;
    Ok(after)
}

async fn write_down(
    app: &App,
    tx: &mut Tx,
    by: &Staff<ManageStaff>,
    action: &'static str,
    before: Option<&Role>,
    after: &Role,
) -> Result<()> {
    let deed = Deed::new(by.actor.user, action, after.id)
        .before(before.map(Role::as_audited))
        .after(after.as_audited());
    audit::record(tx, deed, app.clock.now()).await
}

/// A shop's own `owner` would be taken for the built-in one.
async fn not_built_in(tx: &mut Tx, name: &str) -> Result<()> {
    if queries::is_built_in(tx, name).await? {
        return Err(Refusal::NameTaken.into());
    }
    Ok(())
}
