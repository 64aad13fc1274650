//! Where a case can go from where: the one table that drives the server, its refusals, the cards' buttons and the documents.
//!
//! What is not in the table is refused with `case_state`, leaves no message and no entry in the history.

use CaseDeed as D;
use CaseKind::{Exchange, RefundOnly, ReturnAndRefund};
use CaseState as S;
use Party::{Customer, Provider, Staff, System};
use proto::{CaseDeed, CaseKind, CaseState, json::Word as _};
use serde::Serialize;

use super::Case;
use crate::{
    error::{Refusal, Result, refused_because},
    order::graph::Party,
};

/// One row: from these states, by this deed, into one of those.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CaseMove {
    /// From where; none: there was no case.
    pub from: &'static [CaseState],
    /// What is done.
    pub deed: CaseDeed,
    /// Where to; none: it stays where it is.
    pub to: &'static [CaseState],
    /// By whom.
    pub who: &'static [Party],
    /// Only of cases of these kinds; none: of all.
    pub only: &'static [CaseKind],
}

const fn row(
    from: &'static [CaseState],
    deed: CaseDeed,
    to: &'static [CaseState],
    who: &'static [Party],
    only: &'static [CaseKind],
) -> CaseMove {
    CaseMove {
        from,
        deed,
        to,
        who,
        only,
    }
}

/// The shop waits for the goods.
const COMING: &[CaseState] = &[S::AwaitingReturn, S::ReturnInTransit];

/// The graph, in the order of a case's life.
pub const MOVES: &[CaseMove] = &[
    row(
        &[],
        D::Apply,
        &[S::PendingReview, S::Refunding],
        &[Customer],
        &[],
    ),
    row(&[], D::Start, &[S::Refunding], &[Staff], &[RefundOnly]),
    row(
        &[S::PendingReview],
        D::Approve,
        &[S::Refunding],
        &[Staff, System],
        &[RefundOnly],
    ),
    row(
        &[S::PendingReview],
        D::Approve,
        &[S::AwaitingReturn],
        &[Staff, System],
        &[ReturnAndRefund, Exchange],
    ),
    row(
        &[S::PendingReview],
        D::Reject,
        &[S::Rejected],
        &[Staff],
        &[],
    ),
    row(
        &[S::AwaitingReturn],
        D::EnterReturn,
        &[S::ReturnInTransit],
        &[Customer],
        &[],
    ),
    row(
        COMING,
        D::Refund,
        &[S::Refunding],
        &[Staff],
        &[ReturnAndRefund],
    ),
    row(
        COMING,
        D::ShipExchange,
        &[S::ExchangeShipped],
        &[Staff],
        &[Exchange],
    ),
    row(COMING, D::Refuse, &[S::RefundRefused], &[Staff], &[]),
    row(&[S::Refunding], D::Settle, &[S::Refunded], &[Provider], &[]),
    row(&[S::Refunding], D::Stick, &[], &[System], &[]),
    row(
        &[S::ExchangeShipped],
        D::Close,
        &[S::Closed],
        &[Customer],
        &[],
    ),
    row(
        &[S::PendingReview, S::AwaitingReturn],
        D::Withdraw,
        &[S::Withdrawn],
        &[Customer],
        &[],
    ),
];

/// Is it the end of a case's life?
pub fn terminal(state: CaseState) -> bool {
    !MOVES.iter().any(|row| row.from.contains(&state))
}

impl CaseMove {
    fn fits(&self, case: &Case, deed: CaseDeed, who: Party) -> bool {
        self.deed == deed
            && self.from.contains(&case.state)
            && self.who.contains(&who)
            && (self.only.is_empty() || self.only.contains(&case.kind))
    }
}

impl Case {
    /// What this party may do with it now, in the table's order.
    pub fn may(&self, who: Party) -> Vec<CaseDeed> {
        let fitting = MOVES.iter().filter(|row| row.fits(self, row.deed, who));
        fitting.map(|row| row.deed).collect()
    }

    /// Refuses with `case_state` what this party may not do with it now.
    pub fn require(&self, deed: CaseDeed, who: Party) -> Result<()> {
        if MOVES.iter().any(|row| row.fits(self, deed, who)) {
            return Ok(());
        }
        let sentence = format!(
            "A case of {} that is {} takes no `{}` by the {}.",
            self.kind.word(),
            self.state.word(),
            deed.word(),
            who.word()
        );
        Err(refused_because(
            Refusal::CaseState,
            &self.state.word(),
            sentence,
        ))
    }

    /// Goes where the deed leads. Refuses as [`Case::require`] does.
    pub(super) fn go(&mut self, deed: CaseDeed, who: Party, to: CaseState) -> Result<()> {
        self.require(deed, who)?;
        let leads = |row: &&CaseMove| row.fits(self, deed, who) && row.to.contains(&to);
        if !MOVES.iter().any(|row| leads(&row)) {
            return Err(Refusal::CaseState.into());
        }
        self.state = to;
        Ok(())
    }
}
