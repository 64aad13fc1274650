//! A customer wants money or other goods (A1, A2).

use jiff::Timestamp;
use proto::{CaseDeed, CaseKind, CaseState, OrderDeed, PaymentStatus};
use serde::Deserialize;

use super::{
    Case, CaseLine,
    decide::agree,
    exception, queries, require_few,
    settle::settle_nothing,
    show::Shown,
    step::{Done, Work},
    words as said,
};
use crate::{
    actor::Customer,
    app::App,
    error::{Refusal, Result, refused_argument, refused_because},
    id::{CaseId, FileId, OrderId, UserId},
    money::Money,
    order::{
        LineUnits, Order,
        after_sale::{self, By},
        graph::Party,
    },
    words,
};

/// What somebody wants.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = CaseWish)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// For what, each line of the order at most once.
    pub lines: Vec<LineUnits>,
    /// What is wanted for goods that were sent. Absent: it is about goods that were not, which are refunded at once.
    #[serde(default)]
    pub kind: Option<CaseKind>,
    /// 1 to 500 characters.
    pub reason: String,
    /// At most 9 of one's own.
    #[serde(default)]
    pub pictures: Vec<FileId>,
}

/// Applies: goods that were not sent are refunded at once, for the others staff decide, or in simple cases the shop's rules. Staff are
/// alerted.
///
/// Refuses with `order_state` an order that nothing can be asked back of (any more), with `conflict` a line under another case, with
/// `not_found`, and with `invalid_argument` a kind that is missing for goods that were sent or cannot be had for goods that were not,
/// more units than are there, pictures of others, and in the shop's words what special goods are an exception from.
pub async fn apply(app: &App, customer: &Customer, order: OrderId, wish: Wish) -> Result<Shown> {
    wish.check()?;
    app.sends.take(customer.0.user)?;
    let (mut tx, order) = after_sale::of_customer(app, customer, order).await?;
    let now = app.clock.now();
    require_open(&order, now)?;
    let (kind, sent) = wish.about(&order)?;
    require_paid(&order, kind)?;
    let by = By::from(customer);
    let mut case = Case::new(&order, &wish, (kind, sent), (&by, customer.0.user), now)?;
    let rules = queries::rules(&mut tx).await?;
    if sent {
        exception::require_allowed(&mut tx, &case, &order).await?;
        case.outside_policy = rules.exclude(&case, &order, now);
    }
    let mut work = Work { tx, order, case };
    open(app, &mut work, &by).await?;
    if sent && rules.approve(&work.case) {
        agree(app, &mut work, &By::SYSTEM).await?;
    }
    let shown = Shown::load(work.case, &mut work.tx, Party::Customer).await?;
    work.tx.commit().await?;
    Ok(shown)
}

async fn open(app: &App, work: &mut Work, by: &By) -> Result<()> {
    bind(app, work, by).await?;
    if !work.case.sent {
        return give_back(app, work, (by, CaseDeed::Apply)).await;
    }
    let units = work.case.units();
    if work.case.kind != CaseKind::Exchange {
        work.case.amount = work.order.worth(&work.case.concern(&units))?;
    }
    let reason = work.case.reason.clone();
    let done = Done::new(by, CaseDeed::Apply).remark(&reason);
    work.begin(app, done, &[]).await?;
    finish_opening(app, work).await
}

/// Binds the order's lines to the case.
pub(super) async fn bind(app: &App, work: &mut Work, by: &By) -> Result<()> {
    let units = work.case.units();
    let concern = work.case.concern(&units);
    let what = (by, &work.case.reason[..]);
    after_sale::bind(app, &mut work.tx, &mut work.order, &concern, what).await
}

/// A case that begins with the money on its way.
pub(super) async fn give_back(
    app: &App,
    work: &mut Work,
    (by, deed): (&By, CaseDeed),
) -> Result<()> {
    let units = work.case.units();
    let (concern, reason) = (work.case.concern(&units), work.case.reason.clone());
    work.case.state = CaseState::Refunding;
    work.case.amount =
        after_sale::give_back(app, &mut work.tx, &mut work.order, &concern, &reason).await?;
    let words = if work.case.by_staff {
        said::started(&work.case, &work.order)
    } else {
        said::refunding(&work.case, &work.order)
    };
    work.begin(app, Done::new(by, deed).remark(&reason), &[&words])
        .await?;
    finish_opening(app, work).await
}

/// The pictures can be seen, staff know of it, and what costs nothing is done.
async fn finish_opening(app: &App, work: &mut Work) -> Result<()> {
    let (by, pictures) = (work.case.started_by, work.case.pictures.clone());
    work.show_pictures(by, &pictures).await?;
    if !work.case.by_staff {
        let words = said::applied(&work.case, &work.order);
        work.tell_staff(app, &words).await?;
    }
    settle_nothing(app, work).await
}

/// Refuses with `order_state` an order of which nothing can be asked back now: it is not accepted yet, it is over, or it was completed
/// more than 15 days ago.
pub(super) fn require_open(order: &Order, now: Timestamp) -> Result<()> {
    order.require(OrderDeed::Apply, Party::Customer)?;
    if order.after_sale_over(now) {
        let sentence = "It was completed more than 15 days ago.".to_owned();
        return Err(refused_because(
            Refusal::OrderState,
            &"completed_at",
            sentence,
        ));
    }
    Ok(())
}

/// Refuses with `order_state` to give back money that has not come.
pub(super) fn require_paid(order: &Order, kind: CaseKind) -> Result<()> {
    let owes = order.payment_status == PaymentStatus::Unpaid && order.total > Money::ZERO;
    if owes && kind != CaseKind::Exchange {
        let sentence = "Nothing was paid for it yet.".to_owned();
        return Err(refused_because(
            Refusal::OrderState,
            &"payment_status",
            sentence,
        ));
    }
    Ok(())
}

impl Wish {
    pub(super) fn check(&self) -> Result<()> {
        words::text("reason", &self.reason, 1..=500)?;
        require_few(&self.pictures)
    }

    /// What is wanted, and whether of goods that were sent.
    fn about(&self, order: &Order) -> Result<(CaseKind, bool)> {
        let named = |line: &&crate::order::Line| self.lines.iter().any(|of| of.line == line.line);
        let mut lines = order.lines.iter().filter(named);
        let kind = self.kind.filter(|kind| *kind != CaseKind::Unspecified);
        let Some(kind) = kind else {
            if lines.all(|line| line.left() > 0) {
                return Ok((CaseKind::RefundOnly, false));
            }
            return Err(refused_argument("kind", "is missing: the goods were sent"));
        };
        let sent = lines.any(|line| line.shipped > 0);
        if !sent && kind != CaseKind::RefundOnly {
            return Err(refused_argument(
                "kind",
                "is `refund_only` for goods that were not sent",
            ));
        }
        Ok((kind, sent))
    }
}

impl Case {
    /// A case that has not begun yet. Refuses with `invalid_argument` a line that the order does not have.
    pub(super) fn new(
        order: &Order,
        wish: &Wish,
        (kind, sent): (CaseKind, bool),
        (by, user): (&By, UserId),
        now: Timestamp,
    ) -> Result<Self> {
        let line = |of: &LineUnits| {
            let line = order.lines.iter().find(|line| line.line == of.line)?;
            Some(CaseLine {
                line: of.line,
                units: of.units,
                title: line.title.clone(),
                choice: line.choice.clone(),
            })
        };
        let lines: Option<Vec<CaseLine>> = wish.lines.iter().map(line).collect();
        Ok(Self {
            id: CaseId::new(),
            shop_id: order.shop_id,
            order_id: order.id,
            order_number: order.number.clone().unwrap_or_default(),
            customer_id: order.customer_id,
            customer_name: order.customer_name.clone(),
            conversation_id: order.conversation_id,
            card_number: 0,
            kind,
            state: CaseState::PendingReview,
            sent,
            lines: lines.ok_or_else(|| refused_argument("lines", "names lines of the order"))?,
            currency: order.currency.clone(),
            amount: Money::ZERO,
            reason: wish.reason.trim().to_owned(),
            pictures: wish.pictures.clone(),
            by_staff: by.party == Party::Staff,
            started_by: user,
            outside_policy: false,
            decided_by: None,
            decided_at: None,
            answer: String::new(),
            answer_pictures: vec![],
            return_carrier: String::new(),
            return_number: String::new(),
            replacement_carrier: String::new(),
            replacement_number: String::new(),
            version: 1,
            created_at: now,
        })
    }
}
