//! People who sell: who works for a shop, by which role, with which permissions.
//!
//! Everything that changes rights, or is done by right, happens while the shop's rights are held ([`crate::rights`]), which also
//! reads what the person who does it holds at that moment: two owners who demote each other do not both succeed, and
//! nothing is done by somebody whose dismissal has committed.

pub mod change;
pub mod invite;
pub mod join;
mod queries;
pub mod roles;

use jiff::Timestamp;
use proto::Permission;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    actor::{ManageStaff, Permissions, Staff},
    app::App,
    code::phone::Phone,
    error::{Refusal, Result, refused_argument},
    id::{RoleId, UserId},
    store::{Recheck, Tx, page},
};

/// The built-in role of owners; a shop keeps at least one.
pub const OWNER: RoleId = RoleId(Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001));

/// A person on a shop's staff.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Colleague {
    /// Who.
    pub user_id: UserId,
    /// As others see them.
    pub name: String,
    /// E.164; proves who is responsible (STAFF-08).
    pub phone: String,
    /// By which role.
    pub role_id: RoleId,
    /// The role's name.
    pub role: String,
    /// What the role allows.
    #[schema(value_type = Vec<Permission>)]
    pub permissions: Vec<String>,
    /// Holds the post in name only: may do nothing.
    pub disabled: bool,
}

impl Colleague {
    /// What they may do now.
    fn effective(&self) -> Permissions {
        if self.disabled {
            Permissions::NONE
        } else {
            self.of_role()
        }
    }

    /// What the role allows, disabled or not.
    fn of_role(&self) -> Permissions {
        Permissions::from_words(&self.permissions)
    }

    fn as_audited(&self) -> serde_json::Value {
        serde_json::json!({ "role": self.role, "role_id": self.role_id, "disabled": self.disabled })
    }
}

/// People, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StaffPage {
    /// In order of their user ids.
    pub staff: Vec<Colleague>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// The shop's staff, bots apart. Refuses a bad cursor or limit (1 to 200, 0 means 100) with `invalid_argument`.
pub async fn list(
    app: &App,
    by: &Staff<ManageStaff>,
    cursor: &str,
    limit: u32,
) -> Result<StaffPage> {
    let limit = page::limit(limit, 100, 200)?;
    let after: Option<UserId> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let after = after.unwrap_or(UserId(Uuid::nil()));
    let mut staff = queries::list(&mut tx, after, limit + 1).await?;
    let next_cursor = page::next(&mut staff, limit, |last| last.user_id);
    Ok(StaffPage { staff, next_cursor })
}

/// The first person of a new shop: its owner. Their open sockets hear of it.
pub async fn found(tx: &mut Tx, owner: UserId, now: Timestamp) -> Result<()> {
    queries::add(tx, owner, OWNER, now).await?;
    tx.recheck(&[owner], Recheck::Rights, "post_given").await
}

/// May somebody who holds `held` give somebody who may do `before` the permissions `after`?
///
/// Nobody gives what they do not hold, and whoever manages staff is changed only by those who hold all that they hold.
/// Refuses with `forbidden`.
pub fn may_change(held: Permissions, before: Permissions, after: Permissions) -> Result<()> {
    let given = after.without(before);
    let manages = before.include(Permission::ManageStaff);
    if held.cover(given) && (!manages || held.cover(before)) {
        Ok(())
    } else {
        Err(Refusal::Forbidden.into())
    }
}

/// Permissions as a request names them. Refuses a word that is none with `invalid_argument`.
pub fn permissions(field: &str, words: &[String]) -> Result<Permissions> {
    use proto::json::Word as _;
    let read = words
        .iter()
        .map(|word| Permission::from_word(word).filter(|one| *one != Permission::Unspecified));
    read.collect::<Option<Permissions>>()
        .ok_or_else(|| refused_argument(field, "names something that is not a permission"))
}

/// A phone number as a request has it. Refuses with `invalid_argument`.
fn phone(text: &str) -> Result<Phone> {
    Phone::parse(text).map_err(|fault| refused_argument("phone", &format!("is {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(permissions: &[Permission]) -> Permissions {
        permissions.iter().copied().collect()
    }

    #[test]
    fn nobody_gives_what_they_do_not_hold() {
        use Permission as P;
        let held = set(&[P::ManageStaff, P::Chat]);
        let may = |before: &[P], after: &[P]| may_change(held, set(before), set(after)).is_ok();
        assert!(may(&[], &[P::Chat]) && may(&[], &[P::ManageStaff]));
        assert!(!may(&[], &[P::Chat, P::Moderate]));
        assert!(
            may(&[P::Moderate], &[P::Chat, P::Moderate]),
            "had it before"
        );
        assert!(may(&[P::Moderate], &[]), "may take what one does not hold");
    }

    #[test]
    fn a_stronger_manager_of_staff_is_not_touched() {
        use Permission as P;
        let held = set(&[P::ManageStaff, P::Chat]);
        let owner = set(&[P::ManageStaff, P::Chat, P::ManageShop]);
        assert!(may_change(held, owner, Permissions::NONE).is_err());
        assert!(may_change(owner, owner, Permissions::NONE).is_ok());
    }
}
