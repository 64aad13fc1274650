//! Why goods were not there, over time (INV-04).

use jiff::{SignedDuration, Timestamp};
use proto::ShortageReason;
use serde::Serialize;

use super::queries;
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    error::{Result, refused_argument},
};

/// The longest period that is counted.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// How often goods were not there for one reason.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ReasonCount {
    /// Why.
    pub reason: ShortageReason,
    /// How often.
    pub shortages: i64,
    /// How many units.
    pub units: i64,
    /// How many of these shortages ended with money back.
    pub refunded: i64,
    /// … with something similar.
    pub replaced: i64,
    /// … with the goods, later.
    pub arrived: i64,
}

/// The reasons of the shortages that were marked from `from` on and before `to`, the most frequent first. Refuses with
/// `invalid_argument` no period, and one of more than a year.
pub async fn count(
    app: &App,
    by: &Staff<ManageOrders>,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<ReasonCount>> {
    if from >= to || to.duration_since(from) > LONGEST {
        return Err(refused_argument("to", "is after `from`, by a year at most"));
    }
    let mut tx = app.store.begin(by.shop).await?;
    queries::reasons(&mut tx, from, to).await
}
