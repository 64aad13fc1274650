//! The record of what was done with special rights: who, what, when, and how it was before and after (SEC-03).
//!
//! Rows are only added; the database refuses to change them.
//!
//! What was done is one word in one grammar: `noun.done`, the kind of thing and a past participle, with the part of the
//! thing before it where only a part is concerned: `staff.disabled`, `bot.token_renewed`, `message.versions_read`.

pub mod list;
mod queries;

use jiff::Timestamp;
use serde_json::Value;

use crate::{error::Result, id::UserId, store::Tx};

/// Something that was done with a special right.
#[derive(Clone, Debug)]
pub struct Deed {
    by: UserId,
    action: &'static str,
    target: String,
    before: Option<Value>,
    after: Option<Value>,
}

impl Deed {
    /// `by` has done `action` (`noun.done`) to `target`, an id.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "an id or a text, as the caller has it"
    )]
    pub fn new(by: UserId, action: &'static str, target: impl ToString) -> Self {
        Self {
            by,
            action,
            target: target.to_string(),
            before: None,
            after: None,
        }
    }

    /// How it was; not said of what is new.
    #[must_use]
    pub fn before(self, before: impl Into<Option<Value>>) -> Self {
        Self {
            before: before.into(),
            ..self
        }
    }

    /// How it is; not said of what is gone.
    #[must_use]
    pub fn after(self, after: impl Into<Option<Value>>) -> Self {
        Self {
            after: after.into(),
            ..self
        }
    }
}

/// Writes down what was done, in the shop of the unit of work. It is kept if, and only if, the work is committed.
pub async fn record(tx: &mut Tx, deed: Deed, now: Timestamp) -> Result<()> {
    queries::add(tx, deed, now).await
}
