//! Where an order can go from where: the one table that drives the server, its refusals, the cards' buttons and the documents.
//!
//! What is not in the table is refused with `order_state`, leaves no message and no entry in the history.

use DeliveryMethod::{Express, Pickup, Service};
use OrderDeed as D;
use OrderState as S;
use Party::{Carrier, Customer, Provider, Staff, System};
use proto::{DeliveryMethod, OrderDeed, OrderState, json::Word as _};
use serde::Serialize;

use super::Order;
use crate::error::{Refusal, Result, refused_because};

/// Who does something with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// Who buys.
    Customer,
    /// Staff with `manage_orders`.
    Staff,
    /// The server itself, when a time has come or something followed.
    System,
    /// Who takes the money.
    Provider,
    /// Who brings the goods.
    Carrier,
}

impl Party {
    /// As the history has it.
    pub fn word(self) -> &'static str {
        match self {
            Customer => "customer",
            Staff => "staff",
            System => "system",
            Provider => "provider",
            Carrier => "carrier",
        }
    }
}

/// One row: from these states, by this deed, into one of those.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
pub struct Move {
    /// From where; none: there was no order.
    pub from: &'static [OrderState],
    /// What is done.
    pub deed: OrderDeed,
    /// Where to; none: it stays where it is.
    pub to: &'static [OrderState],
    /// By whom.
    pub who: &'static [Party],
    /// Only of orders that are delivered so; none: of all.
    pub only: &'static [DeliveryMethod],
}

const fn row(
    from: &'static [OrderState],
    deed: OrderDeed,
    to: &'static [OrderState],
    who: &'static [Party],
) -> Move {
    Move {
        from,
        deed,
        to,
        who,
        only: &[],
    }
}

const fn only(row: Move, only: &'static [DeliveryMethod]) -> Move {
    Move { only, ..row }
}

/// States in which the shop has taken the order and it is not fulfilled yet.
const UNDER_WAY: &[OrderState] = &[
    S::Accepted,
    S::Preparing,
    S::PartiallyShipped,
    S::ReadyForPickup,
    S::Shipped,
    S::InProgress,
    S::InTransit,
];

/// States in which goods of it are still to be found and sent.
const TO_BE_SENT: &[OrderState] = &[S::Accepted, S::Preparing, S::PartiallyShipped];

/// The graph, in the order of an order's life.
pub const MOVES: &[Move] = &[
    row(&[], D::Draft, &[S::AwaitingCustomer], &[Staff]),
    row(&[S::AwaitingCustomer], D::Redraft, &[], &[Staff]),
    row(
        &[S::AwaitingCustomer],
        D::Confirm,
        &[S::PendingPayment, S::PendingAcceptance],
        &[Customer],
    ),
    row(
        &[S::AwaitingCustomer],
        D::Decline,
        &[S::Cancelled],
        &[Customer],
    ),
    row(
        &[S::AwaitingCustomer],
        D::Withdraw,
        &[S::Cancelled],
        &[Staff],
    ),
    row(
        &[],
        D::Place,
        &[S::PendingPayment, S::PendingAcceptance],
        &[Customer],
    ),
    row(
        &[S::PendingPayment],
        D::Pay,
        &[S::PendingAcceptance],
        &[Provider, Staff],
    ),
    row(
        &[
            S::PendingAcceptance,
            S::Accepted,
            S::Preparing,
            S::PartiallyShipped,
            S::ReadyForPickup,
            S::Shipped,
            S::InProgress,
            S::InTransit,
            S::Completed,
        ],
        D::Pay,
        &[],
        &[Provider, Staff],
    ),
    row(&[S::PendingPayment], D::Remind, &[], &[System]),
    row(&[S::PendingPayment], D::Expire, &[S::Cancelled], &[System]),
    row(
        &[S::PendingPayment, S::PendingAcceptance],
        D::Cancel,
        &[S::Cancelled],
        &[Customer, Staff],
    ),
    row(
        &[S::PendingAllocation],
        D::Cancel,
        &[S::Cancelled],
        &[Staff],
    ),
    row(
        &[S::PendingPayment, S::PendingAcceptance],
        D::Edit,
        &[],
        &[Customer],
    ),
    row(&[S::PendingAcceptance], D::Accept, &[S::Accepted], &[Staff]),
    row(&[S::Accepted, S::Preparing], D::AskChange, &[], &[Customer]),
    row(
        &[S::Accepted],
        D::Prepare,
        &[S::Preparing],
        &[Staff, System],
    ),
    only(
        row(
            &[S::Accepted, S::Preparing],
            D::GetReady,
            &[S::ReadyForPickup],
            &[Staff],
        ),
        &[Pickup],
    ),
    only(
        row(
            &[S::Accepted, S::Preparing, S::PartiallyShipped],
            D::Ship,
            &[S::PartiallyShipped, S::Shipped],
            &[Staff],
        ),
        &[Express],
    ),
    only(
        row(
            &[S::Accepted, S::Preparing],
            D::Start,
            &[S::InProgress],
            &[Staff],
        ),
        &[Service],
    ),
    row(&[S::Shipped], D::Move, &[S::InTransit], &[System, Carrier]),
    row(
        &[S::Shipped, S::InTransit, S::InProgress],
        D::Receive,
        &[S::Completed],
        &[Customer, System],
    ),
    row(&[S::InProgress], D::Finish, &[S::Completed], &[Staff]),
    row(
        &[S::ReadyForPickup],
        D::HandOver,
        &[S::Completed],
        &[Staff, Customer],
    ),
    row(UNDER_WAY, D::Refund, &[S::Cancelled], &[System]),
    row(
        &[
            S::Accepted,
            S::Preparing,
            S::PartiallyShipped,
            S::ReadyForPickup,
            S::Shipped,
            S::InProgress,
            S::InTransit,
            S::Completed,
        ],
        D::Refund,
        &[],
        &[System],
    ),
    row(&[S::PartiallyShipped], D::Refund, &[S::Shipped], &[System]),
    row(
        &[
            S::AwaitingCustomer,
            S::PendingPayment,
            S::PendingAcceptance,
            S::PendingAllocation,
            S::Accepted,
            S::Preparing,
            S::PartiallyShipped,
        ],
        D::Readdress,
        &[],
        &[Staff],
    ),
    row(
        &[S::PendingPayment, S::PendingAcceptance],
        D::Readdress,
        &[],
        &[Customer],
    ),
    row(
        &[
            S::Accepted,
            S::Preparing,
            S::PartiallyShipped,
            S::ReadyForPickup,
            S::Shipped,
            S::InProgress,
            S::InTransit,
            S::Completed,
        ],
        D::Apply,
        &[],
        &[Customer, Staff],
    ),
    row(
        &[
            S::PendingPayment,
            S::PendingAcceptance,
            S::PendingAllocation,
            S::Accepted,
            S::Preparing,
            S::PartiallyShipped,
            S::ReadyForPickup,
            S::Shipped,
            S::InProgress,
            S::InTransit,
        ],
        D::Note,
        &[],
        &[Staff],
    ),
    row(TO_BE_SENT, D::MarkShort, &[], &[Staff]),
    row(TO_BE_SENT, D::Choose, &[], &[Customer, Staff]),
    row(TO_BE_SENT, D::Arrive, &[], &[System]),
];

/// Is it the end of an order's life?
pub fn terminal(state: OrderState) -> bool {
    matches!(state, S::Completed | S::Cancelled)
}

impl Move {
    fn fits(&self, order: &Order, deed: OrderDeed, who: Party) -> bool {
        self.deed == deed
            && self.from.contains(&order.state)
            && self.who.contains(&who)
            && (self.only.is_empty() || self.only.contains(&order.delivery_method))
            // What is there leaves nothing to choose.
            && (deed != D::Choose || order.is_short())
    }
}

impl Order {
    /// What this party may do with it now, in the table's order.
    pub fn may(&self, who: Party) -> Vec<OrderDeed> {
        let fitting = MOVES.iter().filter(|row| row.fits(self, row.deed, who));
        let mut deeds: Vec<_> = fitting.map(|row| row.deed).collect();
        deeds.dedup();
        deeds
    }

    /// Refuses with `order_state` what this party may not do with it now.
    pub fn require(&self, deed: OrderDeed, who: Party) -> Result<()> {
        if MOVES.iter().any(|row| row.fits(self, deed, who)) {
            return Ok(());
        }
        let sentence = format!(
            "An order that is {} takes no `{}` by the {}.",
            self.state.word(),
            deed.word(),
            who.word()
        );
        Err(refused_because(
            Refusal::OrderState,
            &self.state.word(),
            sentence,
        ))
    }

    /// Goes where the deed leads. Refuses as [`Order::require`] does, and a state that the deed does not lead to.
    pub(super) fn go(&mut self, deed: OrderDeed, who: Party, to: OrderState) -> Result<()> {
        self.require(deed, who)?;
        let leads = |row: &&Move| row.fits(self, deed, who) && row.to.contains(&to);
        if !MOVES.iter().any(|row| leads(&row)) {
            return Err(Refusal::OrderState.into());
        }
        self.state = to;
        Ok(())
    }
}
