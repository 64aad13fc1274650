//! What the shop's conversation says by itself about a case. The fixed text stands word for word (CHAT-06).

use proto::CaseKind;

use super::Case;
use crate::order::{Order, after_sale::written};

/// On approval of a return or an exchange (AFS-08); a refund only never says it.
pub(super) const SEND_BACK: &str = "售后申请已同意,请尽快寄回商品";

/// Where to.
pub(super) fn send_to(address: &str) -> String {
    format!("寄回地址:{address}")
}

pub(super) fn kind(kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::ReturnAndRefund => "退款退货",
        CaseKind::Exchange => "换货",
        CaseKind::RefundOnly | CaseKind::Unspecified => "仅退款",
    }
}

/// For staff (ALRT-02): `售后申请提醒:订单号:…,客户:…,商品:连衣裙×1,类型:仅退款,原因:…,金额:159 元`.
pub(super) fn applied(case: &Case, order: &Order) -> String {
    format!(
        "售后申请提醒:订单号:{},客户:{},商品:{},类型:{},原因:{},金额:{}",
        case.order_number,
        case.customer_name,
        goods(case),
        kind(case.kind),
        case.reason,
        written(order, case.amount)
    )
}

/// For staff: the goods are on their way back.
pub(super) fn returning(case: &Case) -> String {
    format!(
        "售后寄回提醒:订单号:{},客户:{},物流单号:{}",
        case.order_number, case.customer_name, case.return_number
    )
}

/// For staff: the customer gave up.
pub(super) fn withdrawn(case: &Case) -> String {
    format!("售后申请已撤销:订单号:{}", case.order_number)
}

/// For staff who see the money: the provider does not give it back.
pub(super) fn stuck(number: &str) -> String {
    format!("退款多次失败,请人工核查:订单号:{number}")
}

/// The money is on its way.
pub(super) fn refunding(case: &Case, order: &Order) -> String {
    format!("退款处理中,金额:{}", written(order, case.amount))
}

/// What it is about: `连衣裙×1、外套×2`.
fn goods(case: &Case) -> String {
    let lines = case.lines.iter();
    let lines = lines.map(|line| format!("{}×{}", line.title, line.units));
    lines.collect::<Vec<_>>().join("、")
}

/// Staff gave it back: with the lines and why.
pub(super) fn started(case: &Case, order: &Order) -> String {
    format!(
        "商家已发起退款:{},金额:{},原因:{}",
        goods(case),
        written(order, case.amount),
        case.reason
    )
}

/// Approved at once, nothing has to be sent.
pub(super) fn approved(case: &Case, order: &Order) -> String {
    format!("售后申请已同意,退款金额:{}", written(order, case.amount))
}

pub(super) fn rejected(reason: &str) -> String {
    format!("售后申请未通过:{reason}")
}

/// With a hint at what the customer can still do.
pub(super) fn refused(reason: &str) -> String {
    format!("商家拒绝退款:{reason}。如有异议,可发起投诉")
}

/// The goods are back.
pub(super) fn received(case: &Case, order: &Order) -> String {
    format!("商家已收到退货,退款金额:{}", written(order, case.amount))
}

/// The money has arrived.
pub(super) fn refunded(case: &Case, order: &Order) -> String {
    format!("退款成功,金额:{}", written(order, case.amount))
}

pub(super) const CLOSED: &str = "换货已完成";
pub(super) const WITHDRAWN: &str = "售后申请已撤销";
