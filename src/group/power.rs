//! Who may do what: the rules of the table in the front page of groups.

use proto::{GroupRole, Permission};

use crate::{
    actor::Permissions,
    error::{Refusal, Result},
};

/// What somebody may do in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    /// Nothing at all.
    Outsider,
    /// See it, invite, leave.
    Member,
    /// Run it.
    Manager,
    /// Everything.
    Owner,
}

impl Power {
    /// From a role in the group and permissions in its shop.
    pub fn of(role: GroupRole, permissions: Permissions) -> Self {
        let staff = match permissions.include(Permission::ManageGroups) {
            true if permissions.include(Permission::ManageShop) => Self::Owner,
            true => Self::Manager,
            false => Self::Outsider,
        };
        Self::from(role).max(staff)
    }

    /// May run the group: rename, announce, add, approve, mute all.
    pub fn may_run(self) -> bool {
        self >= Self::Manager
    }

    /// May mute, remove or otherwise overrule somebody who has `role` here.
    pub fn may_overrule(self, role: GroupRole) -> bool {
        self.may_run() && self > Self::from(role)
    }

    /// Refuses with `not_found` who has nothing to do with the group, and with `forbidden` who has less than `least`.
    pub fn require(self, least: Self) -> Result<()> {
        match self {
            Self::Outsider => Err(Refusal::NotFound.into()),
            power if power < least => Err(Refusal::Forbidden.into()),
            _ => Ok(()),
        }
    }
}

impl From<GroupRole> for Power {
    fn from(role: GroupRole) -> Self {
        match role {
            GroupRole::Unspecified => Self::Outsider,
            GroupRole::Member => Self::Member,
            GroupRole::Manager => Self::Manager,
            GroupRole::Owner => Self::Owner,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [GroupRole; 4] = [
        GroupRole::Unspecified,
        GroupRole::Member,
        GroupRole::Manager,
        GroupRole::Owner,
    ];

    fn overruled(power: Power) -> Vec<GroupRole> {
        let roles = ROLES.into_iter();
        roles.filter(|role| power.may_overrule(*role)).collect()
    }

    #[test]
    fn nobody_overrules_their_equal() {
        use GroupRole as R;
        assert_eq!(overruled(Power::Outsider), []);
        assert_eq!(overruled(Power::Member), []);
        assert_eq!(overruled(Power::Manager), [R::Unspecified, R::Member]);
        assert_eq!(
            overruled(Power::Owner),
            [R::Unspecified, R::Member, R::Manager]
        );
    }

    #[test]
    fn the_shops_staff_run_its_groups_without_being_in_them() {
        let may = |permissions: &[Permission]| {
            Power::of(
                GroupRole::Unspecified,
                permissions.iter().copied().collect(),
            )
        };
        assert_eq!(may(&[Permission::Chat]), Power::Outsider);
        assert_eq!(may(&[Permission::ManageShop]), Power::Outsider);
        assert_eq!(may(&[Permission::ManageGroups]), Power::Manager);
        assert_eq!(
            may(&[Permission::ManageGroups, Permission::ManageShop]),
            Power::Owner
        );
        let agent = [Permission::Chat].into_iter().collect();
        assert_eq!(Power::of(GroupRole::Owner, agent), Power::Owner);
    }

    #[test]
    fn a_group_does_not_exist_for_outsiders() {
        let refusal = |power: Power| {
            let refused = power.require(Power::Manager).err();
            refused.and_then(|error| error.refusal())
        };
        assert_eq!(refusal(Power::Outsider), Some(Refusal::NotFound));
        assert_eq!(refusal(Power::Member), Some(Refusal::Forbidden));
        assert_eq!(refusal(Power::Manager), None);
    }
}
