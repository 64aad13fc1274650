//! What can be tried in a story, and whether the graphs have it.

use proto::{CaseDeed, CaseKind, CaseState, DeliveryMethod, OrderDeed, OrderState, json::Word};
use serde_json::Value;
use souk::{
    aftersale::graph as cases,
    order::graph::{MOVES, Party},
};

/// Something that somebody can try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Try {
    Place,
    Draft,
    Redraft,
    Confirm,
    Decline,
    Withdraw,
    Edit,
    AskChange,
    AnswerChange,
    Pay,
    ConfirmPayment,
    /// A provider's notice, perhaps of another sum, too late, or heard before.
    HearOfMoney,
    GiveExtraBack,
    Cancel,
    CancelByStaff,
    Accept,
    Prepare,
    Note,
    ShipSome,
    ShipAll,
    Extend,
    Receive,
    /// For goods that were not sent.
    Apply,
    /// For goods that were sent.
    ApplySent,
    /// Staff begin it, for goods that were not sent.
    Give,
    GiveSent,
    Approve,
    Reject,
    EnterReturn,
    RefundReturn,
    ShipExchange,
    CloseExchange,
    WithdrawCase,
    MoneyGoes,
    HoursPass,
    Restock,
}

use Try as T;

impl Try {
    pub const ALL: [Self; 36] = [
        T::Place,
        T::Draft,
        T::Redraft,
        T::Confirm,
        T::Decline,
        T::Withdraw,
        T::Edit,
        T::AskChange,
        T::AnswerChange,
        T::Pay,
        T::ConfirmPayment,
        T::HearOfMoney,
        T::GiveExtraBack,
        T::Cancel,
        T::CancelByStaff,
        T::Accept,
        T::Prepare,
        T::Note,
        T::ShipSome,
        T::ShipAll,
        T::Extend,
        T::Receive,
        T::Apply,
        T::ApplySent,
        T::Give,
        T::GiveSent,
        T::Approve,
        T::Reject,
        T::EnterReturn,
        T::RefundReturn,
        T::ShipExchange,
        T::CloseExchange,
        T::WithdrawCase,
        T::MoneyGoes,
        T::HoursPass,
        T::Restock,
    ];

    /// What the graph of orders calls it.
    fn of_order(self) -> Option<(OrderDeed, Party)> {
        Some(match self {
            T::Redraft => (OrderDeed::Redraft, Party::Staff),
            T::Confirm => (OrderDeed::Confirm, Party::Customer),
            T::Decline => (OrderDeed::Decline, Party::Customer),
            T::Withdraw => (OrderDeed::Withdraw, Party::Staff),
            T::Edit => (OrderDeed::Edit, Party::Customer),
            T::AskChange => (OrderDeed::AskChange, Party::Customer),
            T::Pay => (OrderDeed::Pay, Party::Provider),
            T::ConfirmPayment => (OrderDeed::Pay, Party::Staff),
            T::Cancel => (OrderDeed::Cancel, Party::Customer),
            T::CancelByStaff => (OrderDeed::Cancel, Party::Staff),
            T::Accept => (OrderDeed::Accept, Party::Staff),
            T::Prepare => (OrderDeed::Prepare, Party::Staff),
            T::Note => (OrderDeed::Note, Party::Staff),
            T::ShipSome | T::ShipAll => (OrderDeed::Ship, Party::Staff),
            T::Extend | T::Receive => (OrderDeed::Receive, Party::Customer),
            T::Apply | T::ApplySent => (OrderDeed::Apply, Party::Customer),
            T::Give | T::GiveSent => (OrderDeed::Apply, Party::Staff),
            _ => return None,
        })
    }

    /// What the graph of cases calls it.
    pub fn of_case(self) -> Option<(CaseDeed, Party)> {
        Some(match self {
            T::Approve => (CaseDeed::Approve, Party::Staff),
            T::Reject => (CaseDeed::Reject, Party::Staff),
            T::EnterReturn => (CaseDeed::EnterReturn, Party::Customer),
            T::RefundReturn => (CaseDeed::Refund, Party::Staff),
            T::ShipExchange => (CaseDeed::ShipExchange, Party::Staff),
            T::CloseExchange => (CaseDeed::Close, Party::Customer),
            T::WithdrawCase => (CaseDeed::Withdraw, Party::Customer),
            _ => return None,
        })
    }

    /// Do the graphs have it, where the order and the case stand now?
    pub fn allowed(self, order: &Value, case: &Value) -> bool {
        if let Some((deed, who)) = self.of_order() {
            let (state, method): (OrderState, DeliveryMethod) =
                (word(&order["state"]), word(&order["delivery_method"]));
            return MOVES.iter().any(|row| {
                let by = row.deed == deed && row.who.contains(&who);
                by && row.from.contains(&state)
                    && (row.only.is_empty() || row.only.contains(&method))
            });
        }
        if let Some((deed, who)) = self.of_case() {
            if case.is_null() {
                return false;
            }
            let (state, kind): (CaseState, CaseKind) = (word(&case["state"]), word(&case["kind"]));
            return cases::MOVES.iter().any(|row| {
                let by = row.deed == deed && row.who.contains(&who);
                by && row.from.contains(&state) && (row.only.is_empty() || row.only.contains(&kind))
            });
        }
        true
    }

    /// How it is refused where they do not.
    pub fn code(self) -> &'static str {
        match self.of_case() {
            Some(_) => "case_state",
            None => "order_state",
        }
    }
}

fn word<W: Word>(text: &Value) -> W {
    W::from_word(text.as_str().expect("a word")).expect("a word of the contract")
}

/// What brings this order and this case on.
pub fn lawful(order: &Value, case: &Value) -> Vec<Try> {
    let stands = |states: &[&str]| states.contains(&order["state"].as_str().expect("a word"));
    let on = |what: &Try| match what {
        T::Pay | T::ConfirmPayment => {
            order["payment_status"] == "unpaid" && what.allowed(order, case)
        }
        T::Apply | T::Give => stands(&["accepted", "preparing", "partially_shipped"]),
        T::ApplySent | T::GiveSent => stands(&["partially_shipped", "shipped", "completed"]),
        T::GiveExtraBack => order["extra"] != 0,
        T::HearOfMoney => stands(&["pending_payment"]),
        T::Note => stands(&["preparing"]),
        T::MoneyGoes => case["state"] == "refunding",
        what if what.of_order().is_some() => what.allowed(order, case),
        what => what.of_case().is_some() && what.allowed(order, case),
    };
    Try::ALL.into_iter().filter(on).collect()
}

/// Were goods sent that nobody argues about yet?
pub fn may_come_back(order: &Value, case: &Value) -> bool {
    let sent = ["partially_shipped", "shipped", "completed"];
    let sent = sent.contains(&order["state"].as_str().expect("a word"));
    sent && (case.is_null() || is_over(case))
}

/// What ends an order or a case before anything has come of it.
pub fn ends(what: Try) -> bool {
    let of_order = [T::Decline, T::Withdraw, T::Cancel, T::CancelByStaff];
    of_order.contains(&what) || [T::Reject, T::WithdrawCase].contains(&what)
}

/// Is there nothing to be expected of it any more?
pub fn is_over(one: &Value) -> bool {
    let over = ["cancelled", "refunded", "closed", "rejected", "withdrawn"];
    over.contains(&one["state"].as_str().expect("a word"))
}
