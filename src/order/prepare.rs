//! What staff do between taking an order and its leaving the house: prepare it (O13), lay it ready (O14),
//! begin the service (O17).

use proto::{OrderDeed, OrderState};
use rand::RngExt as _;

use super::{
    Order,
    show::{Shown, Viewer},
    step::{self, By, Done},
    words as said,
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    error::Result,
    id::OrderId,
    stock::{Units, take::take},
    words,
};

/// Goods are being packed. Refuses with `order_state`.
pub async fn prepare(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    remark: &str,
) -> Result<Shown> {
    let words = [said::with("订单备货中", remark)];
    go(
        app,
        by,
        order,
        (OrderDeed::Prepare, OrderState::Preparing),
        remark,
        &words,
    )
    .await
}

/// Ready in the store; the customer gets the code that fetches it. Refuses with `order_state` what is not collected, with `conflict`
/// what is short.
pub async fn get_ready(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    remark: &str,
) -> Result<Shown> {
    words::text("remark", remark, 0..=200)?;
    let (mut tx, mut order) = step::of_staff(app, by, order).await?;
    order.require_paid()?;
    order.require_all_there()?;
    let (who, was) = (By::from(by), order.state);
    order.go(OrderDeed::GetReady, who.party, OrderState::ReadyForPickup)?;
    let code = format!("{:06}", rand::rng().random_range(0..1_000_000));
    order.pickup_code = Some(code.clone());
    let done = Done::new(&who, OrderDeed::GetReady).remark(remark);
    let said = [said::with(
        &format!("商品已备好,请凭取货码 {code} 到店自提"),
        remark,
    )];
    step::write(app, &mut tx, &mut order, was, done, &said).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

/// The service begins, by this person. Its goods are used up. Refuses with `order_state` what is no service, with `conflict`
/// what is short.
pub async fn start(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    person: &str,
    remark: &str,
) -> Result<Shown> {
    let person = words::line("person", person, 60)?;
    words::text("remark", remark, 0..=200)?;
    let (mut tx, mut order) = step::of_staff(app, by, order).await?;
    order.require_paid()?;
    order.require_all_there()?;
    let (who, was) = (By::from(by), order.state);
    order.go(OrderDeed::Start, who.party, OrderState::InProgress)?;
    order.person = Some(person.to_owned());
    let units = order.all_leave();
    super::queries::save_lines(&mut tx, &order).await?;
    let done = Done::new(&who, OrderDeed::Start).remark(remark);
    let said = [said::with(&format!("服务进行中,服务人员:{person}"), remark)];
    step::write(app, &mut tx, &mut order, was, done, &said).await?;
    take(&mut tx, order.holder(), &units, who.id, app.clock.now()).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

async fn go(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    (deed, to): (OrderDeed, OrderState),
    remark: &str,
    said: &[String],
) -> Result<Shown> {
    words::text("remark", remark, 0..=200)?;
    let (mut tx, mut order) = step::of_staff(app, by, order).await?;
    let (who, was) = (By::from(by), order.state);
    order.go(deed, who.party, to)?;
    let done = Done::new(&who, deed).remark(remark);
    step::write(app, &mut tx, &mut order, was, done, said).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

impl Order {
    /// All that is left leaves the house at once; gives what that is.
    pub(super) fn all_leave(&mut self) -> Vec<Units> {
        let mut units = vec![];
        for line in self.lines.iter_mut().filter(|line| line.left() > 0) {
            units.push(Units {
                variant_id: line.variant_id,
                units: line.left().unsigned_abs(),
            });
            line.shipped += line.left();
        }
        units
    }
}
