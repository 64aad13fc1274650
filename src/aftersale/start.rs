//! The shop gives money back by itself (A3): no review, for the reviewer begins it.

use proto::{CaseDeed, CaseKind};
use serde::Deserialize;

use super::{
    Case,
    apply::{self, Wish},
    show::Shown,
    step::Work,
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    audit::{self, Deed},
    error::Result,
    id::OrderId,
    order::{
        LineUnits,
        after_sale::{self, By},
        graph::Party,
    },
};

/// What the shop gives back.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Gift {
    /// For what, each line of the order at most once.
    pub lines: Vec<LineUnits>,
    /// The goods have left the house; else they will not any more.
    pub sent: bool,
    /// 1 to 500 characters; the customer is told.
    pub reason: String,
}

/// Orders the refund at once and tells the customer. Recorded.
///
/// Refuses with `order_state`, with `conflict` a line under another case, with `not_found`, with `invalid_argument`.
pub async fn start(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    gift: Gift,
) -> Result<Shown> {
    let wish = Wish {
        lines: gift.lines,
        kind: None,
        reason: gift.reason,
        pictures: vec![],
    };
    wish.check()?;
    let (tx, order) = after_sale::of_staff(app, by, order).await?;
    let (now, who) = (app.clock.now(), By::from(by));
    apply::require_open(&order, now)?;
    apply::require_paid(&order, CaseKind::RefundOnly)?;
    let what = (CaseKind::RefundOnly, gift.sent);
    let case = Case::new(&order, &wish, what, (&who, by.actor.user), now)?;
    let mut work = Work { tx, order, case };
    apply::bind(app, &mut work, &who).await?;
    apply::give_back(app, &mut work, (&who, CaseDeed::Start)).await?;
    let deed = Deed::new(by.actor.user, "case.started", work.case.id)
        .after(serde_json::json!({ "order_id": work.order.id, "amount": work.case.amount }));
    audit::record(&mut work.tx, deed, now).await?;
    let shown = Shown::load(work.case, &mut work.tx, Party::Staff).await?;
    work.tx.commit().await?;
    Ok(shown)
}
