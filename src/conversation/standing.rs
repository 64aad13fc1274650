//! Where somebody stands in a conversation: what they see, and what they may do there at this moment.

use proto::{GroupRole, Permission};

use super::Seat;
use crate::{
    actor::Permissions,
    error::{Refusal, Result},
};

/// Somebody in a conversation, with the rights they hold now.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub seat: Seat,
    /// What they may do in the conversation's shop; nothing between two people.
    pub permissions: Permissions,
    /// May not speak for now.
    pub muted: bool,
    /// The shop does not take messages from them.
    pub banned: bool,
}

impl Standing {
    /// May take back and correct what others said.
    pub(super) fn moderates(&self) -> bool {
        self.permissions.include(Permission::Moderate)
    }

    /// Talks with customers for the shop.
    pub(super) fn serves(&self) -> bool {
        self.permissions.include(Permission::Chat)
    }

    /// Owner or manager of the group.
    pub(super) fn leads(&self) -> bool {
        matches!(self.seat.role, GroupRole::Owner | GroupRole::Manager)
    }

    /// Refuses those who may not speak here now, as `append_messages` does: `conversation_closed`, `not_a_member`,
    /// `banned`, `muted`.
    pub(super) fn require_voice(&self) -> Result<()> {
        self.require_open()?;
        self.seat.require_present()?;
        if self.banned && !self.seat.staff {
            return Err(Refusal::Banned.into());
        }
        if self.muted {
            return Err(Refusal::Muted.into());
        }
        Ok(())
    }

    /// Refuses with `conversation_closed` where no more is said.
    pub(super) fn require_open(&self) -> Result<()> {
        if self.seat.closed {
            return Err(Refusal::ConversationClosed.into());
        }
        Ok(())
    }
}
