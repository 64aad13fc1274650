//! The WebSocket itself: its sizes, and how it says that a peer broke its rules.

use std::error::Error as _;

use axum::extract::ws::{CloseFrame, WebSocketUpgrade, close_code};
use tokio_tungstenite::tungstenite::Error;

use crate::config::Limits;

/// Every size explicit: the library's own are 128 KiB a connection for reading and 64 MiB a message.
pub fn sized(upgrade: WebSocketUpgrade, limits: &Limits) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(4_096)
        .write_buffer_size(32 * 1_024)
        .max_write_buffer_size(limits.queue_bytes * 2 + limits.frame_bytes)
        .max_message_size(limits.frame_bytes)
        .max_frame_size(limits.frame_bytes)
}

/// The close frame for what a peer sent: too large (1009), not UTF-8 (1007), against the protocol (1002). Nothing when
/// the connection itself broke.
pub fn fault(error: &axum::Error) -> Option<CloseFrame> {
    let (code, reason) = match error.source()?.downcast_ref()? {
        Error::Capacity(_) => (close_code::SIZE, "message too large"),
        Error::Utf8(_) => (close_code::INVALID, "not UTF-8"),
        Error::Protocol(_) | Error::AttackAttempt => {
            (close_code::PROTOCOL, "against the WebSocket protocol")
        }
        _ => return None,
    };
    Some(CloseFrame {
        code,
        reason: reason.into(),
    })
}
