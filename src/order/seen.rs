//! What somebody agrees to: this very revision of an order, or none.

use serde::Deserialize;

use super::Order;
use crate::{
    error::{Refusal, Result},
    money::Money,
};

/// Which revision of an order somebody was shown.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Its number.
    pub revision: i32,
    /// Its hash: whoever names it has seen these very lines, sums and wishes. Where it goes is not in it: that may change until it leaves.
    pub hash: String,
}

impl Order {
    /// Refuses with `revision_stale` whoever saw another revision than the one that is agreed now.
    pub(super) fn require_seen(&self, seen: &Seen) -> Result<()> {
        if (seen.revision, &seen.hash) == (self.revision, &self.hash) {
            return Ok(());
        }
        Err(Refusal::RevisionStale.into())
    }

    /// Refuses with `revision_stale` whoever was shown another sum than it has; `None`: whatever it is.
    pub(super) fn require_total(&self, shown: Option<Money>) -> Result<()> {
        match shown {
            Some(shown) if shown != self.total => Err(Refusal::RevisionStale.into()),
            _ => Ok(()),
        }
    }
}
