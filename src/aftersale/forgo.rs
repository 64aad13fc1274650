//! Goods of an order that are not there are given up: their money goes back at once, as for all that was not sent (A2, A3; INV-04).

use proto::{CaseDeed, CaseKind};

use super::{
    Case,
    apply::{self, Wish},
    step::Work,
};
use crate::{
    app::App,
    error::Result,
    id::{CaseId, UserId},
    order::{LineUnits, Order, after_sale::By, graph::Party},
    store::Tx,
};

/// Begins a case about them, inside of the work that holds their order. Gives both back, and the case.
///
/// Refuses with `order_state`, with `conflict` a line under another case.
pub(crate) async fn forgo(
    app: &App,
    (tx, order): (Tx, Order),
    part: LineUnits,
    reason: &str,
    (by, user): (&By, UserId),
) -> Result<(Tx, Order, CaseId)> {
    let wish = Wish {
        lines: vec![part],
        kind: None,
        reason: reason.to_owned(),
        pictures: vec![],
    };
    let (now, kind) = (app.clock.now(), CaseKind::RefundOnly);
    apply::require_open(&order, now)?;
    apply::require_paid(&order, kind)?;
    let case = Case::new(&order, &wish, (kind, false), (by, user), now)?;
    let deed = match by.party {
        Party::Staff => CaseDeed::Start,
        _ => CaseDeed::Apply,
    };
    let mut work = Work { tx, order, case };
    apply::bind(app, &mut work, by).await?;
    apply::give_back(app, &mut work, (by, deed)).await?;
    Ok((work.tx, work.order, work.case.id))
}
