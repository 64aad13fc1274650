//! The same deed with several orders: each is done or refused for itself (ORD-24).

use serde::{Deserialize, Serialize};

use super::{accept, prepare};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    error::{Error, Result, refused_argument},
    id::OrderId,
};

/// Orders of one batch at most.
pub(super) const MOST: usize = 100;

/// What is done with all of them.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Accept each.
    Accept,
    /// Prepare each.
    Prepare,
    /// Lay each ready.
    GetReady,
}

/// How one of them went.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Outcome {
    /// Which.
    pub order_id: OrderId,
    /// Was it done?
    pub done: bool,
    /// The refusal's code; empty: done.
    pub code: String,
    /// The refusal's sentence; empty: done.
    pub sentence: String,
}

/// Does it with each, one after the other, each in a work of its own. Refuses with `invalid_argument` more than 100 or none.
pub async fn batch(
    app: &App,
    by: &Staff<ManageOrders>,
    orders: &[OrderId],
    deed: Deed,
) -> Result<Vec<Outcome>> {
    if !(1..=MOST).contains(&orders.len()) {
        return Err(refused_argument("order_ids", "has 1 to 100 orders"));
    }
    let mut outcomes = Vec::with_capacity(orders.len());
    for order in orders {
        let done = match deed {
            Deed::Accept => accept::accept(app, by, *order).await,
            Deed::Prepare => prepare::prepare(app, by, *order, "").await,
            Deed::GetReady => prepare::get_ready(app, by, *order, "").await,
        };
        outcomes.push(Outcome::of(*order, done.err())?);
    }
    Ok(outcomes)
}

impl Outcome {
    /// Breaks where we failed: what was done before stays done.
    pub(super) fn of(order_id: OrderId, error: Option<Error>) -> Result<Self> {
        let (done, refused) = match error {
            None => (true, None),
            Some(Error::Broken(error)) => return Err(Error::Broken(error)),
            Some(refused) => (false, Some(refused.to_refused())),
        };
        let (code, sentence) = refused.map_or_else(Default::default, |refused| {
            (proto::json::Word::word(refused.code()), refused.sentence)
        });
        Ok(Self {
            order_id,
            done,
            code,
            sentence,
        })
    }
}
