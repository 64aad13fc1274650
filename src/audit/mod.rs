//! The record of what was done with special rights: who, what, when, and how it was before and after (SEC-03).
//!
//! Rows are only added; the database refuses to change them.

pub mod list;
mod queries;

use jiff::Timestamp;
use serde_json::Value;

use crate::{error::Result, id::UserId, store::Tx};

/// Writes down that `actor` did `action` (`embed_key.revoked`) to `target` (an id), in the shop of the unit of work.
/// It is kept if, and only if, the work is committed.
pub async fn record(
    tx: &mut Tx,
    actor: UserId,
    action: &str,
    target: &str,
    before: Option<Value>,
    after: Option<Value>,
    now: Timestamp,
) -> Result<()> {
    queries::add(tx, actor, action, target, before, after, now).await
}
