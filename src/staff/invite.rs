//! Invite somebody to a shop's staff by their phone number.
//!
//! The shop is told nothing that it did not say itself: not whether the number has an account, nor whose it is. Who that
//! person is, it learns when they come ([`super::join`]). An invitation opens no account, and leaves nothing when it is
//! taken back: the number's owner opens theirs, by proving it.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;

use super::{may_change, phone, queries, roles::Role};
use crate::{
    actor::{ManageStaff, Permissions, Staff},
    app::App,
    audit::{self, Deed},
    clock::millis,
    code::{
        limit::{self, Subject},
        phone::Phone,
    },
    error::{Refusal, Result},
    id::{RoleId, StaffInviteId, UserId},
    rights,
    store::Tx,
    words,
};

/// Invitations of one shop that may be open at once.
const MOST: i64 = 100;
/// How long one is good.
const GOOD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Who is to come.
#[derive(Clone, Debug)]
pub struct Newcomer<'a> {
    /// Their mobile number: whoever gets its codes logs in.
    pub phone: &'a str,
    /// What the shop calls them until they come, 1 to 100 characters; the name of the account that they open by it.
    pub name: &'a str,
    /// What they are to be.
    pub role: RoleId,
}

/// An open invitation, as the shop sees it: all of it is what the shop said.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct StaffInvite {
    /// Its id.
    pub id: StaffInviteId,
    /// E.164.
    pub phone: String,
    /// What the shop calls them.
    pub name: String,
    /// What they are to be.
    pub role_id: RoleId,
    /// The role's name.
    pub role: String,
    /// Good until then, milliseconds since 1970.
    pub expires_at: i64,
}

/// A new invitation, as it is kept.
pub(super) struct NewInvite<'a> {
    pub id: StaffInviteId,
    pub phone: &'a str,
    pub name: &'a str,
    pub role: &'a Role,
    pub by: UserId,
    pub expires_at: Timestamp,
}

impl NewInvite<'_> {
    fn shown(&self) -> StaffInvite {
        StaffInvite {
            id: self.id,
            phone: self.phone.to_owned(),
            name: self.name.to_owned(),
            role_id: self.role.id,
            role: self.role.name.clone(),
            expires_at: millis(self.expires_at),
        }
    }
}

/// Invites whoever has a phone number, with a merchant account or without: then their first log-in by code opens it. Good
/// for 7 days and while its maker could give that role; inviting a number again makes the invitation anew.
///
/// Refuses with `invalid_argument`, with `forbidden` a role that allows what the giver may not do, with `not_found` a role
/// that the shop does not have, with `conflict` somebody who is on the staff already, disabled or not, with
/// `quota_exceeded` more than 100 open invitations, with `rate_limited` too many in a day.
pub async fn invite(
    app: &App,
    by: &Staff<ManageStaff>,
    newcomer: Newcomer<'_>,
) -> Result<StaffInvite> {
    let (phone, now) = (phone(newcomer.phone)?, app.clock.now());
    let name = words::name("name", newcomer.name)?;
    let mut tx = app.store.begin(by.shop).await?;
    let held = rights::lock(&mut tx, by).await?;
    let role = queries::role(&mut tx, newcomer.role).await?;
    let role = role.ok_or(Refusal::NotFound)?;
    may_change(held, Permissions::NONE, role.set())?;
    let new = NewInvite {
        id: StaffInviteId::new(),
        phone: phone.as_str(),
        name,
        role: &role,
        by: by.actor.user,
        expires_at: now + GOOD,
    };
    if queries::works_here(&mut tx, phone.as_str()).await? {
        return Err(Refusal::Conflict.into());
    }
    count(app, &mut tx, &phone, now).await?;
    if !queries::invite::add(&mut tx, &new, MOST, now).await? {
        return Err(Refusal::QuotaExceeded.into());
    }
    let deed = Deed::new(by.actor.user, "staff.invited", new.id).after(
        json!({ "phone": phone.masked(), "name": name, "role": role.name, "role_id": role.id }),
    );
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(new.shown())
}

/// So many of one shop in a day, so many of them to one number. What other shops do counts for nothing: it would tell of
/// them, and one could keep another from inviting.
async fn count(app: &App, tx: &mut Tx, phone: &Phone, now: Timestamp) -> Result<()> {
    let (limits, shop) = (&app.config.limits, tx.shop()?.to_string());
    let day = SignedDuration::from_hours(24);
    let to = Subject::new(&["staff invites to", &shop, phone.as_str()]);
    limit::take_within(tx, now, &to, limits.staff_invites_per_number, day).await?;
    let by = Subject::new(&["staff invites by", &shop]);
    limit::take_within(tx, now, &by, limits.staff_invites_per_day, day).await
}

/// The shop's open invitations, the newest first.
pub async fn open(app: &App, by: &Staff<ManageStaff>) -> Result<Vec<StaffInvite>> {
    let mut tx = app.store.begin(by.shop).await?;
    queries::invite::open(&mut tx, app.clock.now()).await
}

/// Takes an invitation back. Refuses with `not_found`.
pub async fn withdraw(app: &App, by: &Staff<ManageStaff>, id: StaffInviteId) -> Result<()> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::lock(&mut tx, by).await?;
    if !queries::invite::withdraw(&mut tx, id).await? {
        return Err(Refusal::NotFound.into());
    }
    let deed = Deed::new(by.actor.user, "staff.invite_withdrawn", id);
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await
}

/// Removes invitations that are over, and with them the numbers of people who may have nothing to do with us; the schedule
/// runs it (`job/forget.rs`). Safe on several nodes at once.
pub async fn forget_expired(app: &App) -> Result<()> {
    Ok(queries::invite::forget_expired(app.store.pool(), app.clock.now()).await?)
}
