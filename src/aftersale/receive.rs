//! Goods come back: the customer says how (A7), staff look at them and refund (A8) or refuse (A10).

use proto::{CaseDeed, CaseState};
use serde::Deserialize;

use super::{
    decide::pay_back,
    require_few,
    show::Shown,
    step::{self, Done},
    words as said,
};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    error::Result,
    id::{CaseId, FileId},
    order::{after_sale::By, graph::Party},
    words,
};

/// How goods travel.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    /// Who brings it, 1 to 60 characters; of what the shop sends, the code of one of its carriers.
    pub carrier: String,
    /// The carrier's number, 1 to 64 characters.
    pub tracking_number: String,
}

/// What is wrong with goods that came back.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Damage {
    /// 1 to 500 characters; the customer is told.
    pub reason: String,
    /// 1 to 9 of one's own, which the customer sees.
    pub pictures: Vec<FileId>,
}

/// The customer has sent the goods. Staff are alerted. Refuses with `case_state`, `invalid_argument`.
pub async fn enter_return(
    app: &App,
    customer: &Customer,
    case: CaseId,
    parcel: &Parcel,
) -> Result<Shown> {
    let carrier = words::line("carrier", &parcel.carrier, 60)?;
    let number = words::line("tracking_number", &parcel.tracking_number, 64)?;
    let mut work = step::of_customer(app, customer, case).await?;
    let (who, was) = (By::from(customer), work.case.state);
    work.case
        .go(CaseDeed::EnterReturn, who.party, CaseState::ReturnInTransit)?;
    carrier.clone_into(&mut work.case.return_carrier);
    number.clone_into(&mut work.case.return_number);
    let done = Done::new(&who, CaseDeed::EnterReturn).remark(number);
    work.write(app, was, done, &[]).await?;
    let words = said::returning(&work.case);
    work.tell_staff(app, &words).await?;
    let shown = Shown::load(work.case, &mut work.tx, Party::Customer).await?;
    work.tx.commit().await?;
    Ok(shown)
}

/// The goods are there and as they should be: the money goes back. Refuses with `case_state`.
pub async fn refund(app: &App, by: &Staff<ManageOrders>, case: CaseId) -> Result<Shown> {
    let mut work = step::of_staff(app, by, case).await?;
    let deed = (&By::from(by), CaseDeed::Refund);
    pay_back(app, &mut work, deed, said::received).await?;
    let shown = Shown::load(work.case, &mut work.tx, Party::Staff).await?;
    work.tx.commit().await?;
    Ok(shown)
}

/// The goods are there and damaged: nothing goes back. Refuses with `case_state`, with `invalid_argument` no reason and no pictures.
pub async fn refuse(
    app: &App,
    by: &Staff<ManageOrders>,
    case: CaseId,
    damage: &Damage,
) -> Result<Shown> {
    damage.check()?;
    let mut work = step::of_staff(app, by, case).await?;
    let (who, was) = (By::from(by), work.case.state);
    work.case
        .go(CaseDeed::Refuse, who.party, CaseState::RefundRefused)?;
    damage.reason.trim().clone_into(&mut work.case.answer);
    work.case.answer_pictures.clone_from(&damage.pictures);
    work.let_go(app, &who).await?;
    let done = Done::new(&who, CaseDeed::Refuse).remark(&damage.reason);
    let words = said::refused(&work.case.answer);
    work.write(app, was, done, &[&words]).await?;
    work.show_pictures(by.actor.user, &damage.pictures).await?;
    let shown = Shown::load(work.case, &mut work.tx, Party::Staff).await?;
    work.tx.commit().await?;
    Ok(shown)
}

impl Damage {
    fn check(&self) -> Result<()> {
        words::text("reason", &self.reason, 1..=500)?;
        if self.pictures.is_empty() {
            let wrong = "show what is wrong with the goods";
            return Err(crate::error::refused_argument("pictures", wrong));
        }
        require_few(&self.pictures)
    }
}
