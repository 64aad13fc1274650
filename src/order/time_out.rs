//! What happens to orders when a time has come: reminders to pay (PAY-02), the end of unpaid ones, goods that count as moving and as
//! received (decision 40 of the specification), follow-ups (ORD-17). Each runs once, whatever node does it.

use jiff::SignedDuration;
use proto::{AlertKind, OrderDeed, OrderState};

use super::{
    Order, cancel, place, queries, receive,
    step::{self, By, Done},
    words,
};
use crate::{
    app::App,
    error::{Result, Round},
    id::{OrderId, ShopId},
    store::Tx,
};

/// Orders that one round takes at most.
const ROUND: i64 = 200;

/// Everything whose time has come, one order after the other, each in a work of its own: one that fails holds up none of the others.
pub async fn due(app: &App) -> Result<()> {
    let (pool, now) = (app.store.pool(), app.clock.now());
    let mut round = Round::default();
    for (shop, order) in queries::unpaid_too_long(pool, now, ROUND).await? {
        round.note(done(expire(app, shop, order).await))?;
    }
    for (shop, order) in queries::to_be_reminded(pool, now, ROUND).await? {
        round.note(done(remind(app, shop, order).await))?;
    }
    let day = SignedDuration::from_hours(24);
    for (shop, order) in queries::shipped_before(pool, now - day, ROUND).await? {
        round.note(done(move_on(app, shop, order).await))?;
    }
    for (shop, order) in queries::to_be_received(pool, now, ROUND).await? {
        round.note(done(receive_by_itself(app, shop, order).await))?;
    }
    for (shop, order) in queries::to_be_followed_up(pool, now, ROUND).await? {
        round.note(done(follow_up(app, shop, order).await))?;
    }
    round.end()
}

/// Somebody was faster: the order has moved on by itself.
fn done(outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.refusal().is_some() && !error.is_weather() => Ok(()),
        outcome => outcome,
    }
}

async fn begin(app: &App, shop: ShopId, order: OrderId) -> Result<(Tx, Order)> {
    let mut tx = app.store.begin(shop).await?;
    let order = step::hold(&mut tx, order).await?;
    Ok((tx, order))
}

async fn expire(app: &App, shop: ShopId, order: OrderId) -> Result<()> {
    let (mut tx, order) = begin(app, shop, order).await?;
    if order.pay_by.is_none_or(|by| by > app.clock.now()) {
        return Ok(());
    }
    let deed = (OrderDeed::Expire, By::SYSTEM);
    cancel::end(app, &mut tx, order, &deed, "超时未付款").await?;
    tx.commit().await
}

/// One reminder for each step that has come; steps that were missed together are one.
async fn remind(app: &App, shop: ShopId, order: OrderId) -> Result<()> {
    let (mut tx, mut order) = begin(app, shop, order).await?;
    order.require(OrderDeed::Remind, By::SYSTEM.party)?;
    let rules = queries::rules(&mut tx).await?;
    let age = order
        .placed_at
        .map(|at| app.clock.now().duration_since(at).as_mins());
    let come = |step: &&i32| age.is_some_and(|age| i64::from(**step) <= age);
    let steps = rules.remind_after_minutes.iter().filter(come).count();
    if !queries::reminded(&mut tx, order.id, steps).await? {
        return Ok(());
    }
    let number = order.number.clone().unwrap_or_default();
    let said = [format!("订单 {number} 待付款,请尽快完成支付")];
    let was = order.state;
    step::write(
        app,
        &mut tx,
        &mut order,
        was,
        Done::new(&By::SYSTEM, OrderDeed::Remind),
        &said,
    )
    .await?;
    tx.commit().await
}

async fn move_on(app: &App, shop: ShopId, order: OrderId) -> Result<()> {
    let (mut tx, mut order) = begin(app, shop, order).await?;
    in_transit(app, &mut tx, &mut order, &By::SYSTEM).await?;
    tx.commit().await
}

/// The parcel moves (O18). Refuses with `order_state`.
pub(super) async fn in_transit(app: &App, tx: &mut Tx, order: &mut Order, by: &By) -> Result<()> {
    let was = order.state;
    order.go(OrderDeed::Move, by.party, OrderState::InTransit)?;
    step::write(
        app,
        tx,
        order,
        was,
        Done::new(by, OrderDeed::Move),
        &["包裹运输中".to_owned()],
    )
    .await
}

async fn receive_by_itself(app: &App, shop: ShopId, order: OrderId) -> Result<()> {
    let (mut tx, order) = begin(app, shop, order).await?;
    if order.receive_by.is_none_or(|by| by > app.clock.now()) {
        return Ok(());
    }
    receive::complete(app, &mut tx, order, OrderDeed::Receive, &By::SYSTEM).await?;
    tx.commit().await
}

async fn follow_up(app: &App, shop: ShopId, order: OrderId) -> Result<()> {
    let (mut tx, mut order) = begin(app, shop, order).await?;
    if order.follow_up_at.is_none_or(|at| at > app.clock.now()) {
        return Ok(());
    }
    order.follow_up_at = None;
    queries::save(&mut tx, &order).await?;
    place::tell_staff(
        app,
        &mut tx,
        &order,
        AlertKind::OrderFollowUp,
        &words::follow_up(&order),
    )
    .await?;
    tx.commit().await
}
