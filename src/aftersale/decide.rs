//! Staff decide what a customer asks for (A4 to A6), and customers take it back (A14).

use proto::{CaseDeed, CaseKind, CaseState};

use super::{
    queries,
    settle::settle_nothing,
    show::Shown,
    step::{self, Done, Work},
    words as said,
};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    error::Result,
    id::{CaseId, UserId},
    order::{
        after_sale::{self, By},
        graph::Party,
    },
    words,
};

/// Staff approve: a refund is ordered at once, or the goods are asked for. Refuses with `case_state`.
pub async fn approve(app: &App, by: &Staff<ManageOrders>, case: CaseId) -> Result<Shown> {
    let mut work = step::of_staff(app, by, case).await?;
    agree(app, &mut work, &By::from(by)).await?;
    let shown = Shown::load(work.case, &mut work.tx, Party::Staff).await?;
    work.tx.commit().await?;
    Ok(shown)
}

/// Puts an approval into effect, by staff or by a rule.
pub(super) async fn agree(app: &App, work: &mut Work, by: &By) -> Result<()> {
    work.decided(app, by.id);
    if work.case.kind == CaseKind::RefundOnly {
        let words = said::approved;
        return pay_back(app, work, (by, CaseDeed::Approve), words).await;
    }
    let was = work.case.state;
    work.case
        .go(CaseDeed::Approve, by.party, CaseState::AwaitingReturn)?;
    let done = Done::new(by, CaseDeed::Approve);
    let address = queries::rules(&mut work.tx).await?.return_address;
    let address = (!address.is_empty()).then(|| said::send_to(&address));
    let said = [said::SEND_BACK]
        .into_iter()
        .chain(address.as_deref())
        .collect::<Vec<_>>();
    work.write(app, was, done, &said).await
}

/// Orders the money of a case that is under way; what costs nothing is done with that.
pub(super) async fn pay_back(
    app: &App,
    work: &mut Work,
    (by, deed): (&By, CaseDeed),
    words: fn(&super::Case, &crate::order::Order) -> String,
) -> Result<()> {
    let was = work.case.state;
    work.case.go(deed, by.party, CaseState::Refunding)?;
    let (units, reason) = (work.case.units(), work.case.reason.clone());
    let concern = work.case.concern(&units);
    work.case.amount =
        after_sale::give_back(app, &mut work.tx, &mut work.order, &concern, &reason).await?;
    let words = words(&work.case, &work.order);
    work.write(app, was, Done::new(by, deed), &[&words]).await?;
    settle_nothing(app, work).await
}

/// Staff reject, and say why. Refuses with `case_state`, with `invalid_argument` no reason.
pub async fn reject(
    app: &App,
    by: &Staff<ManageOrders>,
    case: CaseId,
    reason: &str,
) -> Result<Shown> {
    words::text("reason", reason, 1..=500)?;
    let mut work = step::of_staff(app, by, case).await?;
    let (who, was) = (By::from(by), work.case.state);
    work.case
        .go(CaseDeed::Reject, who.party, CaseState::Rejected)?;
    work.decided(app, who.id);
    reason.trim().clone_into(&mut work.case.answer);
    work.let_go(app, &who).await?;
    let done = Done::new(&who, CaseDeed::Reject).remark(reason);
    work.write(app, was, done, &[&said::rejected(reason)])
        .await?;
    let shown = Shown::load(work.case, &mut work.tx, Party::Staff).await?;
    work.tx.commit().await?;
    Ok(shown)
}

/// The customer takes it back before the goods are on their way. Refuses with `case_state`.
pub async fn withdraw(app: &App, customer: &Customer, case: CaseId) -> Result<Shown> {
    let mut work = step::of_customer(app, customer, case).await?;
    let (who, was) = (By::from(customer), work.case.state);
    work.case
        .go(CaseDeed::Withdraw, who.party, CaseState::Withdrawn)?;
    work.let_go(app, &who).await?;
    let done = Done::new(&who, CaseDeed::Withdraw);
    work.write(app, was, done, &[said::WITHDRAWN]).await?;
    let words = said::withdrawn(&work.case);
    work.tell_staff(app, &words).await?;
    let shown = Shown::load(work.case, &mut work.tx, Party::Customer).await?;
    work.tx.commit().await?;
    Ok(shown)
}

impl Work {
    fn decided(&mut self, app: &App, by: Option<UserId>) {
        self.case.decided_by = by;
        self.case.decided_at = Some(app.clock.now());
    }
}
