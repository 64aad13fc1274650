//! The same deed with several orders: each is done or refused for itself (ORD-24).

use serde::{Deserialize, Serialize};

use super::{Seen, accept, prepare};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    error::{Error, Result, refused_argument},
    id::OrderId,
};

/// Orders of one batch at most.
pub(super) const MOST: usize = 100;

/// One of the orders of a batch.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderSeen {
    /// Which.
    pub order_id: OrderId,
    /// What one was shown of it; nothing is accepted without.
    #[serde(default)]
    pub seen: Option<Seen>,
}

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

/// Does it with each, one after the other, each in a work of its own. Refuses with `invalid_argument` more than 100 or none, and to accept
/// what one does not say to have seen.
pub async fn batch(
    app: &App,
    by: &Staff<ManageOrders>,
    orders: &[OrderSeen],
    deed: Deed,
) -> Result<Vec<Outcome>> {
    if !(1..=MOST).contains(&orders.len()) {
        return Err(refused_argument("orders", "are 1 to 100"));
    }
    let blind = orders.iter().any(|order| order.seen.is_none());
    if matches!(deed, Deed::Accept) && blind {
        return Err(refused_argument("seen", "is needed to accept"));
    }
    let mut outcomes = Vec::with_capacity(orders.len());
    for OrderSeen { order_id, seen } in orders {
        let done = match (deed, seen) {
            (Deed::Accept, Some(seen)) => accept::accept(app, by, *order_id, seen).await,
            (Deed::Accept, None) => Err(refused_argument("seen", "is needed to accept")),
            (Deed::Prepare, _) => prepare::prepare(app, by, *order_id, "").await,
            (Deed::GetReady, _) => prepare::get_ready(app, by, *order_id, "").await,
        };
        outcomes.push(Outcome::of(*order_id, done.err())?);
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
