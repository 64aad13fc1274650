//! What can be asked for in an order now: what a client shows before somebody applies (AFS-02, AFS-11, AFS-12).

use jiff::Timestamp;
use proto::CaseKind;
use serde::Serialize;

use super::{apply, exception::Exception, queries, rules::AfterSaleRules};
use crate::{
    actor::Customer,
    app::App,
    error::Result,
    id::OrderId,
    order::{Line, Order, after_sale},
};

/// The form.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Form {
    /// Something can be asked for now.
    pub open: bool,
    /// Until when it can, that moment included; null: the order is not completed.
    #[schema(value_type = Option<String>)]
    pub until: Option<Timestamp>,
    /// What the shop promises.
    pub rules: AfterSaleRules,
    /// What can be asked for each line.
    pub lines: Vec<FormLine>,
}

/// What can be asked for a line.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FormLine {
    /// Which.
    pub line: i16,
    /// Units that were not sent and are there: they are refunded at once. For those that are not, the customer chooses (INV-04).
    pub unsent: u32,
    /// Units that were sent.
    pub sent: u32,
    /// What can be asked for those that were sent.
    pub kinds: Vec<CaseKind>,
    /// Why not more, and what is offered instead.
    pub exception: Option<String>,
}

/// What a customer can ask for in an order of theirs. Refuses with `not_found`.
pub async fn form(app: &App, customer: &Customer, order: OrderId) -> Result<Form> {
    let (mut tx, order) = after_sale::of_customer(app, customer, order).await?;
    let products: Vec<_> = order.lines.iter().map(|line| line.product_id).collect();
    let exceptions = queries::exceptions(&mut tx, Some(&products)).await?;
    let open = apply::require_open(&order, app.clock.now()).is_ok();
    Ok(Form {
        open,
        until: order.after_sale_until(),
        rules: queries::rules(&mut tx).await?,
        lines: lines(&order, &exceptions, open),
    })
}

fn lines(order: &Order, exceptions: &[Exception], open: bool) -> Vec<FormLine> {
    let free = |line: &&Line| open && line.case_id.is_none();
    let lines = order.lines.iter().filter(free);
    lines.map(|line| FormLine::of(line, exceptions)).collect()
}

impl FormLine {
    fn of(line: &Line, exceptions: &[Exception]) -> Self {
        let exception = exceptions
            .iter()
            .find(|one| one.product_id == line.product_id);
        let all = [
            CaseKind::RefundOnly,
            CaseKind::ReturnAndRefund,
            CaseKind::Exchange,
        ];
        Self {
            line: line.line,
            unsent: line.ready().unsigned_abs(),
            sent: line.with_customer().unsigned_abs(),
            kinds: exception.map_or(all.to_vec(), |one| one.kinds.clone()),
            exception: exception.map(|one| one.text.clone()),
        }
    }
}
