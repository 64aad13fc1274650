//! Give somebody another role, disable them, let them work again.

use jiff::Timestamp;

use super::{Colleague, may_change, queries};
use crate::{
    account::session,
    actor::{ManageStaff, Permissions, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    group,
    id::{RoleId, UserId},
    rights,
    store::{Recheck, Tx},
};

/// What is to be different; what is `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change {
    /// Another role.
    pub role: Option<RoleId>,
    /// Disabled or not.
    pub disabled: Option<bool>,
}

/// Changes somebody's place on the staff. It holds from their next request on, and for their open sockets. Whoever is
/// disabled leaves all groups of the shop, for good: enabled again they are invited anew. Who has no other post is
/// logged out everywhere.
///
/// Refuses with `not_found` who is not on the staff and a role that the shop does not have, with `forbidden` what
/// [`may_change`] forbids, with `last_owner` what would leave the shop without an owner.
pub async fn change(
    app: &App,
    by: &Staff<ManageStaff>,
    user: UserId,
    change: Change,
) -> Result<Colleague> {
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    let held = rights::lock(&mut tx, by).await?;
    let before = queries::colleague(&mut tx, user)
        .await?
        .ok_or(Refusal::NotFound)?;
    let role = change.role.unwrap_or(before.role_id);
    queries::role(&mut tx, role)
        .await?
        .ok_or(Refusal::NotFound)?;
    let disabled = change.disabled.unwrap_or(before.disabled);
    if (role, disabled) == (before.role_id, before.disabled) {
        return Ok(before);
    }
    queries::change(&mut tx, user, role, disabled, now).await?;
    let after = queries::colleague(&mut tx, user)
        .await?
        .ok_or(Refusal::NotFound)?;
    // Who is disabled may do nothing now, but the role that they come back with counts.
    may_change(held, before.effective(), after.of_role())?;
    may_change(held, before.of_role(), Permissions::NONE)?;
    if queries::owners(&mut tx).await? == 0 {
        return Err(Refusal::LastOwner.into());
    }
    if after.disabled && !before.disabled {
        group::let_go::let_go(app, &mut tx, &by.actor, user).await?;
    }
    tell(&mut tx, &after, now).await?;
    let deed = Deed::new(by.actor.user, action(&before, &after), user)
        .before(before.as_audited())
        .after(after.as_audited());
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(after)
}

fn action(before: &Colleague, after: &Colleague) -> &'static str {
    match (before.disabled, after.disabled) {
        (false, true) => "staff.disabled",
        (true, false) => "staff.enabled",
        _ => "staff.changed",
    }
}

/// Whoever has lost their only post is logged out; everybody else goes on with other rights.
async fn tell(tx: &mut Tx, now: &Colleague, at: Timestamp) -> Result<()> {
    if now.disabled && !queries::has_post(tx, now.user_id).await? {
        session::revoke_all(tx, now.user_id, "staff_disabled", at).await
    } else {
        tx.recheck(&[now.user_id], Recheck::Rights, "staff_changed")
            .await
    }
}
