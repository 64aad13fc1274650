//! Other goods for those that came back (A9), and the end of it (A13).

use proto::{CaseDeed, CaseState};

use super::{
    receive::Parcel,
    show::Shown,
    step::{self, Done},
    words as said,
};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    delivery,
    error::{Refusal, Result},
    id::CaseId,
    order::{
        Package,
        after_sale::{self, By},
        graph::Party,
    },
    stock::{
        hold::hold,
        take::{put_back, take},
    },
    words,
};

/// The goods are back, the same again go out; the customer is told the number.
///
/// The order's own hold covers them, as it covers those that came back: whatever the customer has, the order has out, and it can come
/// back once more by another case.
///
/// Refuses with `case_state`, with `out_of_stock`, with `carrier_unknown`, with `conflict` a number that the order has already, with
/// `invalid_argument`.
pub async fn ship(
    app: &App,
    by: &Staff<ManageOrders>,
    case: CaseId,
    parcel: &Parcel,
) -> Result<Shown> {
    let number = words::line("tracking_number", &parcel.tracking_number, 64)?;
    let mut work = step::of_staff(app, by, case).await?;
    let (now, who, was) = (app.clock.now(), By::from(by), work.case.state);
    work.case.go(
        CaseDeed::ShipExchange,
        who.party,
        CaseState::ExchangeShipped,
    )?;
    if !delivery::carriers::known(&mut work.tx, &parcel.carrier).await? {
        return Err(Refusal::CarrierUnknown.into());
    }
    parcel
        .carrier
        .clone_into(&mut work.case.replacement_carrier);
    number.clone_into(&mut work.case.replacement_number);
    let units = work.case.units();
    let package = Package {
        carrier: parcel.carrier.clone(),
        tracking_number: number.to_owned(),
        units: units.clone(),
        shipped_at: now,
    };
    let sender = (&who, by.actor.user);
    after_sale::send_again(app, &mut work.tx, &mut work.order, package, sender).await?;
    let done = Done::new(&who, CaseDeed::ShipExchange).remark(number);
    work.write(app, was, done, &[]).await?;
    let (holder, goods) = (work.order.holder(), work.order.units_of(&units));
    hold(&mut work.tx, holder, &goods, who.id, now).await?;
    take(&mut work.tx, holder, &goods, who.id, now).await?;
    put_back(&mut work.tx, holder, &goods, who.id, now).await?;
    let shown = Shown::load(work.case, &mut work.tx, Party::Staff).await?;
    work.tx.commit().await?;
    Ok(shown)
}

/// The customer has the other goods: the case is over. Refuses with `case_state`.
pub async fn close(app: &App, customer: &Customer, case: CaseId) -> Result<Shown> {
    let mut work = step::of_customer(app, customer, case).await?;
    let (who, was) = (By::from(customer), work.case.state);
    work.case
        .go(CaseDeed::Close, who.party, CaseState::Closed)?;
    work.let_go(app, &who).await?;
    let done = Done::new(&who, CaseDeed::Close);
    work.write(app, was, done, &[said::CLOSED]).await?;
    let shown = Shown::load(work.case, &mut work.tx, Party::Customer).await?;
    work.tx.commit().await?;
    Ok(shown)
}
