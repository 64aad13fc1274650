//! Orders that need care: what is wrong with one and how it ended (ORD-16), when somebody is to look at it again (ORD-17), and what is
//! short of it (INV-04).

use jiff::{SignedDuration, Timestamp};
use proto::OrderDeed;
use serde_json::json;

use super::{
    queries,
    show::{Shown, Viewer},
    step::{self, By, Done},
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::OrderId,
    words,
};

/// Something is wrong with it: it is flagged until somebody writes down how it ended. Recorded.
pub async fn flag(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    what: &str,
) -> Result<Shown> {
    let what = words::line("abnormal", what, 200)?;
    let (mut tx, mut order) = step::of_staff(app, by, order).await?;
    order.abnormal = Some(what.to_owned());
    queries::save(&mut tx, &order).await?;
    record(app, &mut tx, by, (&order.id, "order.flagged"), what).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

/// How it ended, in words: the flag goes. Refuses with `invalid_argument` no words, with `conflict` where nothing is wrong.
pub async fn resolve(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    outcome: &str,
) -> Result<Shown> {
    words::text("outcome", outcome, 1..=500)?;
    let (mut tx, mut order) = step::of_staff(app, by, order).await?;
    let Some(what) = order.abnormal.take() else {
        return Err(Refusal::Conflict.into());
    };
    let (who, was) = (By::from(by), order.state);
    // No remark: that would stand on the card, and this is for staff.
    let done = Done::new(&who, OrderDeed::Note)
        .changed(json!({ "abnormal": what }), json!({ "outcome": outcome }));
    step::write(app, &mut tx, &mut order, was, done, &[]).await?;
    record(app, &mut tx, by, (&order.id, "order.resolved"), outcome).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

/// Whoever looks after it (or else who asks) is reminded once at this time; nothing: never. Refuses with `invalid_argument` what has
/// passed or is more than a year away.
pub async fn follow_up(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    at: Option<Timestamp>,
) -> Result<Shown> {
    let now = app.clock.now();
    if at.is_some_and(|at| at < now || at > now + SignedDuration::from_hours(24 * 366)) {
        return Err(refused_argument("at", "is within a year from now"));
    }
    let (mut tx, mut order) = step::of_staff(app, by, order).await?;
    order.follow_up_at = at;
    queries::save(&mut tx, &order).await?;
    queries::follow_up_by(&mut tx, order.id, by.actor.user).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

async fn record(
    app: &App,
    tx: &mut crate::store::Tx,
    by: &Staff<ManageOrders>,
    (order, action): (&OrderId, &'static str),
    what: &str,
) -> Result<()> {
    let deed = Deed::new(by.actor.user, action, order).after(json!({ "text": what }));
    audit::record(tx, deed, app.clock.now()).await
}
