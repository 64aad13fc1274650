//! The ids that paths name.

use serde::Deserialize;

use crate::id::{ConversationId, HookId, RoleId, StaffInviteId, UserId};

/// A person or bot.
#[derive(Deserialize)]
pub struct OfUser {
    pub(super) user_id: UserId,
}

/// An invitation to the staff.
#[derive(Deserialize)]
pub struct OfStaffInvite {
    pub(super) invite_id: StaffInviteId,
}

/// A role.
#[derive(Deserialize)]
pub struct OfRole {
    pub(super) role_id: RoleId,
}

/// A conversation.
#[derive(Deserialize)]
pub struct OfConversation {
    pub(super) conversation_id: ConversationId,
}

/// A hook of a group.
#[derive(Deserialize)]
pub struct OfHook {
    pub(super) conversation_id: ConversationId,
    pub(super) hook_id: HookId,
}
