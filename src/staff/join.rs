//! Come to a shop's staff by its invitation.

use proto::Permission;
use serde::Serialize;
use serde_json::json;

use super::{Colleague, may_change, queries};
use crate::{
    actor::{Merchant, Permissions},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::{ShopId, StaffInviteId},
    rights,
    store::Recheck,
};

/// Invitations that a person is shown at most; those behind them come forward when one of these ends or is declined.
const SHOWN: i64 = 100;

/// An invitation, as the person sees it whom it is for.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct MyStaffInvite {
    /// Its id.
    pub id: StaffInviteId,
    /// Whose staff.
    pub shop_id: ShopId,
    /// The shop's name.
    pub shop_name: String,
    /// What they would be.
    pub role: String,
    /// What the role allows.
    #[schema(value_type = Vec<Permission>)]
    pub permissions: Vec<String>,
    /// Good until then, milliseconds since 1970.
    pub expires_at: i64,
}

/// The open invitations of the merchant's own phone number, the newest first, at most 100.
pub async fn mine(app: &App, merchant: &Merchant) -> Result<Vec<MyStaffInvite>> {
    let (pool, now) = (app.store.pool(), app.clock.now());
    Ok(queries::invite::of_merchant(pool, merchant.0.user, SHOWN, now).await?)
}

/// Takes the post; from now on the shop's staff see who they are. Their open sockets go on with it.
///
/// Refuses with `invite_invalid` what is not an open invitation of their own number, or was made by somebody who could
/// not make it any more; with `conflict` who is on the staff already.
pub async fn join(app: &App, merchant: &Merchant, id: StaffInviteId) -> Result<Colleague> {
    let (user, now) = (merchant.0.user, app.clock.now());
    let found = queries::invite::maker(app.store.pool(), id).await?;
    let (shop, maker) = found.ok_or(Refusal::InviteInvalid)?;
    let mut tx = app.store.begin(shop).await?;
    let held = rights::lock_for(&mut tx, maker).await?;
    let role = queries::invite::take(&mut tx, id, user, now).await?;
    let role = role.ok_or(Refusal::InviteInvalid)?;
    let role = queries::role(&mut tx, role).await?;
    let role = role.ok_or(Refusal::InviteInvalid)?;
    if !held.include(Permission::ManageStaff)
        || may_change(held, Permissions::NONE, role.set()).is_err()
    {
        return Err(Refusal::InviteInvalid.into());
    }
    queries::add(&mut tx, user, role.id, now).await?;
    tx.recheck(&[user], Recheck::Rights, "post_given").await?;
    let joined = queries::colleague(&mut tx, user).await?;
    let joined = joined.ok_or(Refusal::NotFound)?;
    let deed = Deed::new(user, "staff.joined", user).after(json!({
        "role": role.name, "role_id": role.id, "disabled": false, "invite_id": id, "invited_by": maker,
    }));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(joined)
}

/// Says no; the shop only sees that the invitation is not open any more. Refuses with `invite_invalid`.
pub async fn decline(app: &App, merchant: &Merchant, id: StaffInviteId) -> Result<()> {
    let found = queries::invite::maker(app.store.pool(), id).await?;
    let (shop, _) = found.ok_or(Refusal::InviteInvalid)?;
    let mut tx = app.store.begin(shop).await?;
    let taken = queries::invite::take(&mut tx, id, merchant.0.user, app.clock.now()).await?;
    taken.ok_or(Refusal::InviteInvalid)?;
    tx.commit().await
}
