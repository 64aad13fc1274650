//! Ship an order, at once or in several packages (O15, O16).

use jiff::{SignedDuration, Timestamp};
use proto::{OrderDeed, OrderState, PaymentStatus, PaymentTerms};
use serde::Deserialize;

use super::{
    LineUnits, Order, Package, queries,
    rules::Rules,
    show::{Shown, Viewer},
    step::{self, By, Done},
    words as said,
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    delivery,
    error::{Refusal, Result, refused_argument, refused_because},
    id::OrderId,
    money::Money,
    stock::{Units, take::take},
    words,
};

/// What is sent with whom.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Shipment {
    /// The code of one of the shop's carriers.
    pub carrier: String,
    /// The carrier's number, 1 to 64 characters.
    pub tracking_number: String,
    /// What is in it; empty: all that is left and there.
    #[serde(default)]
    pub units: Vec<LineUnits>,
    /// At most 200 characters.
    #[serde(default)]
    pub remark: String,
}

/// Sends a package; the customer is told its number.
///
/// Refuses with `order_state`, with `carrier_unknown`, with `conflict` a number that the order has already or goods that somebody wants
/// refunded, with `invalid_argument` more than is left and there.
pub async fn ship(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    shipment: &Shipment,
) -> Result<Shown> {
    let number = words::line("tracking_number", &shipment.tracking_number, 64)?;
    words::text("remark", &shipment.remark, 0..=200)?;
    let (mut tx, mut order) = step::of_staff(app, by, order).await?;
    order.require(OrderDeed::Ship, super::graph::Party::Staff)?;
    order.require_paid()?;
    if !delivery::carriers::known(&mut tx, &shipment.carrier).await? {
        return Err(Refusal::CarrierUnknown.into());
    }
    let (now, who, was) = (app.clock.now(), By::from(by), order.state);
    let sent = order.send(&shipment.units)?;
    let package = Package {
        carrier: shipment.carrier.clone(),
        tracking_number: number.to_owned(),
        units: sent,
        shipped_at: now,
    };
    if !queries::add_package(&mut tx, order.id, &package, by.actor.user).await? {
        let sentence = format!("This order has a package {number} already.");
        return Err(refused_because(
            Refusal::Conflict,
            &"tracking_number",
            sentence,
        ));
    }
    let units = order.units_of(&package.units);
    let after = serde_json::to_value(&package).ok();
    order.packages.push(package);
    let to = if order.nothing_left() {
        OrderState::Shipped
    } else {
        OrderState::PartiallyShipped
    };
    order.go(OrderDeed::Ship, who.party, to)?;
    if to == OrderState::Shipped {
        order.all_sent(&queries::rules(&mut tx).await?, now);
    }
    queries::save_lines(&mut tx, &order).await?;
    let done = Done {
        after,
        ..Done::new(&who, OrderDeed::Ship).remark(&shipment.remark)
    };
    step::write(
        app,
        &mut tx,
        &mut order,
        was,
        done,
        &[said::shipped(number)],
    )
    .await?;
    take(&mut tx, order.holder(), &units, who.id, now).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

impl Order {
    /// The last of it has left: the time to receive it begins.
    pub(super) fn all_sent(&mut self, rules: &Rules, now: Timestamp) {
        let hours = i64::from(rules.received_after_days) * 24;
        self.shipped_at = Some(now);
        self.receive_by = Some(now + SignedDuration::from_hours(hours));
    }

    /// Refuses to give away what should have been paid first and is not.
    pub(super) fn require_paid(&self) -> Result<()> {
        let owes = self.payment_status == PaymentStatus::Unpaid && self.total > Money::ZERO;
        if owes && self.terms == PaymentTerms::PayFirst {
            return Err(Refusal::OrderState.into());
        }
        Ok(())
    }

    /// Marks these units as sent; none named: all that is left and there. Gives what is in the package.
    fn send(&mut self, wanted: &[LineUnits]) -> Result<Vec<LineUnits>> {
        let ready = |line: &super::Line| LineUnits {
            line: line.line,
            units: line.ready().unsigned_abs(),
        };
        let wanted = match wanted {
            [] => self
                .lines
                .iter()
                .filter(|line| line.ready() > 0)
                .map(ready)
                .collect(),
            wanted => wanted.to_vec(),
        };
        if wanted.is_empty() {
            return Err(refused_argument("units", "has nothing that is there"));
        }
        for part in &wanted {
            let line = self.lines.iter_mut().find(|line| line.line == part.line);
            let line =
                line.ok_or_else(|| refused_argument("units", "names no line of the order"))?;
            let units = i32::try_from(part.units).unwrap_or(i32::MAX);
            if units == 0 || units > line.ready() {
                return Err(refused_argument(
                    "units",
                    "is 1 to what is left of the line and there",
                ));
            }
            if line.case_id.is_some() {
                return Err(Refusal::Conflict.into());
            }
            line.shipped += units;
        }
        Ok(wanted)
    }

    /// The same in variants, as stock counts.
    pub(crate) fn units_of(&self, parts: &[LineUnits]) -> Vec<Units> {
        let units = parts.iter().filter_map(|part| {
            let line = self.lines.iter().find(|line| line.line == part.line)?;
            Some(Units {
                variant_id: line.variant_id,
                units: part.units,
            })
        });
        units.collect()
    }
}
