//! What happened, remembered for ever: rows written in the transaction that made them true.
//!
//! `job/worker.rs` takes them later, for webhooks, bots and numbers. The kind is the name that a webhook carries.

use serde::{Deserialize, Serialize};

use crate::id::{ConversationId, EndpointId, UserId};

/// Something that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "snake_case")]
pub enum Fact {
    /// Somebody said something. Written by `append_messages`, and only where the shop has a listener.
    MessagePosted {
        /// Where.
        conversation_id: ConversationId,
        /// Which message.
        number: i64,
    },
    /// A message was edited, recalled, redrawn or pinned.
    MessageChanged {
        /// Where.
        conversation_id: ConversationId,
        /// Which message.
        number: i64,
    },
    /// A customer opened the conversation with a shop for the first time.
    ConversationOpened {
        /// Where.
        conversation_id: ConversationId,
        /// Who.
        customer_id: UserId,
        /// From where they came (CHAT-02).
        source: Option<String>,
    },
    /// People joined a group.
    MembersJoined {
        /// Where.
        conversation_id: ConversationId,
        /// Who.
        user_ids: Vec<UserId>,
        /// Who invited them.
        inviter_id: Option<UserId>,
    },
    /// Somebody left a group or was removed.
    MemberLeft {
        /// Where.
        conversation_id: ConversationId,
        /// Who.
        user_id: UserId,
    },
    /// A webhook endpoint failed for too long and was switched off.
    EndpointSwitchedOff {
        /// Which.
        endpoint_id: EndpointId,
    },
}
