//! The customer chooses what happens with goods that are not there; or staff give the money back.

use proto::{AlertKind, ShortageChoice, ShortageState};
use serde::Deserialize;

use super::{
    Offer, Shortage, queries,
    step::{self, Work},
};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    aftersale::forgo::forgo,
    app::App,
    error::{Refusal, Result, refused_argument},
    id::{ShortageId, UserId, VariantId},
    order::{
        after_sale::By,
        short::{self, tell_staff},
    },
    rights,
    stock::{Units, hold::hold},
    words,
};

/// What somebody chooses.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What.
    pub choice: ShortageChoice,
    /// Which of the offers; only with `similar`.
    #[serde(default)]
    pub variant_id: Option<VariantId>,
    /// At most 200 characters.
    #[serde(default)]
    pub remark: String,
}

/// The customer chooses. Staff are alerted. Who waits may still take something similar or their money.
///
/// Refuses with `not_found`, with `conflict` what cannot be chosen (any more), with `out_of_stock` an offer that is gone, with
/// `invalid_argument` one that was not made.
pub async fn by_customer(
    app: &App,
    customer: &Customer,
    shortage: ShortageId,
    choice: &Choice,
) -> Result<Shortage> {
    words::text("remark", &choice.remark, 0..=200)?;
    app.sends.take(customer.0.user)?;
    let shop = queries::shop_of(app.store.pool(), customer.0.user, shortage).await?;
    let tx = app.store.begin(shop.ok_or(Refusal::NotFound)?).await?;
    let work = step::hold(tx, shortage).await?;
    let by = (&By::from(customer), customer.0.user);
    let mut work = choose(app, work, choice, by).await?;
    let text = told(&work);
    tell_staff(
        app,
        &mut work.tx,
        &work.order,
        AlertKind::OrderChanged,
        &text,
    )
    .await?;
    work.tx.commit().await?;
    Ok(work.shortage.for_customer())
}

/// The shop gives the money back by itself: nobody has chosen, or nothing will come in. Refuses with `not_found`, `conflict`.
pub async fn refund(
    app: &App,
    by: &Staff<ManageOrders>,
    shortage: ShortageId,
    remark: &str,
) -> Result<Shortage> {
    words::text("remark", remark, 0..=200)?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let work = step::hold(tx, shortage).await?;
    let choice = Choice {
        choice: ShortageChoice::Refund,
        variant_id: None,
        remark: remark.to_owned(),
    };
    let work = choose(app, work, &choice, (&By::from(by), by.actor.user)).await?;
    work.tx.commit().await?;
    Ok(work.shortage)
}

async fn choose(app: &App, mut work: Work, choice: &Choice, by: (&By, UserId)) -> Result<Work> {
    work.shortage.require(choice.choice)?;
    work.shortage.chosen = Some(choice.choice);
    work.shortage.chosen_by = Some(by.1);
    work.shortage.chosen_at = Some(app.clock.now());
    match choice.choice {
        ShortageChoice::Wait => wait(app, work, choice, by.0).await,
        ShortageChoice::Refund => give_up(app, work, choice, by).await,
        _ => exchange(app, work, choice, by).await,
    }
}

async fn wait(app: &App, mut work: Work, choice: &Choice, by: &By) -> Result<Work> {
    let chosen = work.shortage.chosen(choice.choice, &choice.remark);
    short::wait(app, &mut work.tx, &mut work.order, &chosen, by).await?;
    work.shortage.state = ShortageState::Waiting;
    step::write(app, &mut work.tx, &work.order, &work.shortage).await?;
    Ok(work)
}

async fn give_up(
    app: &App,
    work: Work,
    choice: &Choice,
    (by, user): (&By, UserId),
) -> Result<Work> {
    let Work {
        mut tx,
        mut order,
        mut shortage,
    } = work;
    let chosen = shortage.chosen(choice.choice, &choice.remark);
    short::give_up(app, &mut tx, &mut order, &chosen, by).await?;
    let why = match choice.remark.trim() {
        "" => "缺货退款",
        remark => remark,
    };
    let (mut tx, order, case) = forgo(app, (tx, order), chosen.part, why, (by, user)).await?;
    shortage.state = ShortageState::Refunded;
    shortage.case_id = Some(case);
    step::write(app, &mut tx, &order, &shortage).await?;
    Ok(Work {
        tx,
        order,
        shortage,
    })
}

async fn exchange(
    app: &App,
    mut work: Work,
    choice: &Choice,
    (by, user): (&By, UserId),
) -> Result<Work> {
    let offer = work.shortage.offer(choice.variant_id)?.clone();
    let chosen = work.shortage.chosen(choice.choice, &choice.remark);
    let what = (&chosen, &offer);
    short::exchange(app, &mut work.tx, &mut work.order, what, by).await?;
    work.shortage.state = ShortageState::Replaced;
    work.shortage.taken = Some(offer.variant_id);
    step::write(app, &mut work.tx, &work.order, &work.shortage).await?;
    let goods = Units {
        variant_id: offer.variant_id,
        units: chosen.part.units,
    };
    let (holder, now) = (work.order.holder(), app.clock.now());
    hold(&mut work.tx, holder, &[goods], Some(user), now).await?;
    Ok(work)
}

/// For staff: what was chosen.
fn told(work: &Work) -> String {
    let chosen = match work.shortage.chosen {
        Some(ShortageChoice::Refund) => "退款",
        Some(ShortageChoice::Similar) => "换相似商品",
        _ => "等待补货",
    };
    let number = work.order.number.as_deref().unwrap_or_default();
    let name = &work.order.customer_name;
    format!("缺货处理:{number},客户:{name},选择:{chosen}")
}

impl Shortage {
    fn offer(&self, variant: Option<VariantId>) -> Result<&Offer> {
        let offer = self
            .offers
            .iter()
            .find(|offer| Some(offer.variant_id) == variant);
        offer.ok_or_else(|| refused_argument("variant_id", "is none of the offers"))
    }
}
