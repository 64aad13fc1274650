//! What the server says of lotteries, in the language of the shops.

use proto::DrawState;

use super::{Draw, PlaceOf};

/// So many winners are named in one message; all of them are on the card.
const NAMED: usize = 30;

/// Why a draw is cancelled whose target was not reached.
pub(super) const NOT_REACHED: &str = "到期未达到人数";

/// One line for lists: `抽奖 · 周末茶会 · 满80人开奖`.
pub(super) fn summary(draw: &Draw) -> String {
    let title = &draw.rules.title;
    match (draw.state, draw.rules.target) {
        (DrawState::Cancelled, _) => format!("抽奖 · {title} · 已取消"),
        (DrawState::Closed, _) => format!("抽奖 · {title} · 已截止,待开奖"),
        (DrawState::Open, Some(target)) => format!("抽奖 · {title} · 满{target}人开奖"),
        (DrawState::Open, None) => format!("抽奖 · {title} · 定时开奖"),
        _ => format!("抽奖 · {title} · 已开奖"),
    }
}

/// Said in the group when it was drawn.
pub(super) fn result(draw: &Draw, places: &[PlaceOf]) -> String {
    let winners: Vec<String> = places
        .iter()
        .filter(|place| place.wins())
        .map(|place| format!("{}({})", place.name, draw.prize_name(place)))
        .collect();
    let title = &draw.rules.title;
    let named = winners
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join("、");
    match winners.len() {
        0 => format!("抽奖「{title}」已开奖,无人参与"),
        some if some > NAMED => format!("抽奖「{title}」已开奖,恭喜 {named} 等 {some} 位"),
        _ => format!("抽奖「{title}」已开奖,恭喜 {named}"),
    }
}

/// Said in the group when nobody comes in any more.
pub(super) fn closed(draw: &Draw) -> String {
    let (title, round) = (&draw.rules.title, draw.round.unwrap_or_default());
    let tickets = draw.tickets;
    format!("抽奖「{title}」名单已截止,共 {tickets} 张奖券,由公共随机数第 {round} 轮决定中奖者")
}

/// Said to staff when its round does not come.
pub(super) fn waits(draw: &Draw) -> String {
    let (title, round) = (&draw.rules.title, draw.round.unwrap_or_default());
    format!("抽奖「{title}」还在等待公共随机数第 {round} 轮,取得后自动开奖")
}

/// Said in the group when nothing is drawn.
pub(super) fn cancelled(draw: &Draw) -> String {
    let because = draw.cancelled_because.as_deref().unwrap_or_default();
    let late = if draw.cancelled_late() {
        "(取消时随机数已公布,结果已可推算)"
    } else {
        ""
    };
    format!("抽奖「{}」已取消:{because}{late}", draw.rules.title)
}

/// Said to a winner.
pub(super) fn won(draw: &Draw, place: &PlaceOf) -> String {
    let (rules, claim) = (&draw.rules, &draw.rules.claim);
    format!(
        "恭喜您在「{}」中获得:{}。领取方式:{}({} 天内)。发放:{}。逾期:{}",
        rules.title,
        draw.prize_name(place),
        claim.how,
        claim.days,
        claim.delivery,
        claim.forfeiture
    )
}
