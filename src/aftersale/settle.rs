//! The money has arrived (A11): the case ends, the goods go where they belong, the order goes where that leads. Or it does not arrive
//! (A12): staff who see the money are alerted.
//!
//! Each case is settled in a work of its own, once, by its state: a fact that is read twice changes nothing.

use proto::{AlertKind, CaseDeed, CaseKind, CaseState, OrderState, Permission};

use super::{
    step::{self, Done, Work},
    words as said,
};
use crate::{
    alert::{self, NewAlert},
    app::App,
    error::Result,
    fact::{Fact, Remembered},
    id::{CaseId, OrderId, RefundId, ShopId},
    money::Money,
    order::after_sale::{self, By},
    payment,
    stock::{
        release::{held, release, release_all},
        take::put_back,
    },
};

/// Hears of refunds.
pub async fn hear(app: &App, facts: &[Remembered]) -> Result<()> {
    for fact in facts {
        let Some(shop) = fact.shop else { continue };
        match fact.fact {
            Fact::RefundSucceeded {
                case_id: Some(case),
                ..
            } => arrived(app, shop, case).await?,
            Fact::RefundStuck {
                refund_id,
                order_id,
                case_id,
            } => stuck(app, shop, refund_id, (order_id, case_id)).await?,
            _ => {}
        }
    }
    Ok(())
}

/// One refund of the case has arrived; it ends with the last of them.
async fn arrived(app: &App, shop: ShopId, case: CaseId) -> Result<()> {
    let mut work = step::of_system(app, shop, case).await?;
    let all = payment::refund::all_arrived(&mut work.tx, case).await?;
    if work.case.state != CaseState::Refunding || !all {
        return Ok(());
    }
    settle(app, &mut work).await?;
    work.tx.commit().await
}

/// Settles a case that costs nothing: no provider will say so.
pub(super) async fn settle_nothing(app: &App, work: &mut Work) -> Result<()> {
    if work.case.state == CaseState::Refunding && work.case.amount == Money::ZERO {
        return settle(app, work).await;
    }
    Ok(())
}

async fn settle(app: &App, work: &mut Work) -> Result<()> {
    let (by, was) = (By::PROVIDER, work.case.state);
    work.case
        .go(CaseDeed::Settle, by.party, CaseState::Refunded)?;
    work.let_go(app, &By::SYSTEM).await?;
    let words = said::refunded(&work.case, &work.order);
    work.write(app, was, Done::new(&by, CaseDeed::Settle), &[&words])
        .await?;
    put_goods(app, work).await
}

/// Goods that were not sent can be sold again, as far as they were there (a shortage is not held), and so can those that came back; what the customer keeps is gone.
async fn put_goods(app: &App, work: &mut Work) -> Result<()> {
    let (holder, now) = (work.order.holder(), app.clock.now());
    let goods = work.order.units_of(&work.case.units());
    if work.order.state == OrderState::Cancelled && !work.case.sent {
        // The gifts of the order are held still.
        release_all(&mut work.tx, holder, None, now).await?;
        return Ok(());
    }
    if !work.case.sent {
        let held = held(&mut work.tx, holder).await?;
        let spare = work.order.spare(&goods, &held);
        if spare.is_empty() {
            return Ok(());
        }
        return release(&mut work.tx, holder, &spare, None, now).await;
    }
    if work.case.kind == CaseKind::ReturnAndRefund {
        return put_back(&mut work.tx, holder, &goods, None, now).await;
    }
    Ok(())
}

/// Staff who see the money hear of it, once.
async fn stuck(
    app: &App,
    shop: ShopId,
    refund: RefundId,
    (order, case): (OrderId, Option<CaseId>),
) -> Result<()> {
    let Some(case) = case else {
        let mut tx = app.store.begin(shop).await?;
        let order = after_sale::hold(&mut tx, order).await?;
        if !payment::refund::tell_stuck(&mut tx, refund, app.clock.now()).await? {
            return Ok(());
        }
        let words = said::stuck(order.number.as_deref().unwrap_or_default());
        let alert = NewAlert::new(AlertKind::AfterSale, Permission::SeeFinance, words);
        let alert = alert
            .in_conversation(order.conversation_id)
            .about_order(order.id);
        alert::raise(&mut tx, alert, app.clock.now()).await?;
        return tx.commit().await;
    };
    let mut work = step::of_system(app, shop, case).await?;
    let by = By::SYSTEM;
    let told = payment::refund::tell_stuck(&mut work.tx, refund, app.clock.now()).await?;
    if !told || work.case.require(CaseDeed::Stick, by.party).is_err() {
        return Ok(());
    }
    let words = said::stuck(&work.case.order_number);
    let was = work.case.state;
    work.write(app, was, Done::new(&by, CaseDeed::Stick), &[])
        .await?;
    let alert = NewAlert::new(AlertKind::AfterSale, Permission::SeeFinance, words)
        .in_conversation(work.case.conversation_id)
        .about_order(order)
        .about_case(case);
    alert::raise(&mut work.tx, alert, app.clock.now()).await?;
    work.tx.commit().await
}
