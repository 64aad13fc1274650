//! Add somebody to a shop's staff.

use super::{Colleague, may_change, phone, queries};
use crate::{
    account::merchant,
    actor::{ManageStaff, Permissions, Staff},
    app::App,
    audit,
    error::{Refusal, Result, refused_argument},
    id::RoleId,
};

/// Who is to be added.
#[derive(Clone, Debug)]
pub struct Newcomer<'a> {
    /// Their mobile number: whoever gets its codes logs in.
    pub phone: &'a str,
    /// Their name, if the number has no merchant account yet; 1 to 100 characters.
    pub name: &'a str,
    /// What they are to be.
    pub role: RoleId,
}

/// Adds the merchant account of a phone number to the staff; a number without an account gets one.
///
/// Refuses with `forbidden` a role that allows what the giver may not do, with `not_found` a role that the shop does not
/// have, with `conflict` somebody who is on the staff already, disabled or not.
pub async fn add(app: &App, by: &Staff<ManageStaff>, newcomer: Newcomer<'_>) -> Result<Colleague> {
    let (phone, now) = (phone(newcomer.phone)?, app.clock.now());
    if !(1..=100).contains(&newcomer.name.trim().chars().count()) || newcomer.name.contains('\0') {
        return Err(refused_argument("name", "has 1 to 100 characters"));
    }
    let mut tx = app.store.begin(by.shop).await?;
    let held = queries::lock(&mut tx, by.actor.user).await?;
    let role = queries::role(&mut tx, newcomer.role)
        .await?
        .ok_or(Refusal::NotFound)?;
    may_change(held, Permissions::NONE, role.set())?;
    let user = merchant::of_phone(&mut tx, &phone, newcomer.name.trim(), now).await?;
    queries::add(&mut tx, user, role.id, now).await?;
    tx.look_again(&[user], "post_given").await?;
    let added = queries::colleague(&mut tx, user)
        .await?
        .ok_or(Refusal::NotFound)?;
    let after = Some(added.as_audited());
    let target = user.to_string();
    audit::record(
        &mut tx,
        by.actor.user,
        "staff.added",
        &target,
        None,
        after,
        now,
    )
    .await?;
    tx.commit().await?;
    Ok(added)
}
