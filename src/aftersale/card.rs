//! The picture of a case in its conversation.

use proto::{Card, CaseCard, CaseCardLine, json::Word as _};

use super::{Case, CaseLine, words};
use crate::{id::FileId, order::graph::Party};

pub(super) fn draw(case: &Case) -> Card {
    Card {
        summary: summary(case),
        case: Some(Box::new(CaseCard {
            case_id: case.id.to_string(),
            order_id: case.order_id.to_string(),
            order_number: case.order_number.clone(),
            kind: case.kind.into(),
            state: case.state.into(),
            lines: case.lines.iter().map(line).collect(),
            currency: case.currency.clone(),
            amount: case.amount.in_minor(),
            reason: case.reason.clone(),
            pictures: names(&case.pictures),
            by_staff: case.by_staff,
            answer: case.answer.clone(),
            answer_pictures: names(&case.answer_pictures),
            return_carrier: case.return_carrier.clone(),
            return_number: case.return_number.clone(),
            replacement_carrier: case.replacement_carrier.clone(),
            replacement_number: case.replacement_number.clone(),
            customer_may: deeds(case, Party::Customer),
            staff_may: deeds(case, Party::Staff),
            outside_policy: case.outside_policy,
        })),
        ..Card::default()
    }
}

fn deeds(case: &Case, who: Party) -> Vec<i32> {
    case.may(who).into_iter().map(i32::from).collect()
}

fn names(files: &[FileId]) -> Vec<String> {
    files.iter().map(ToString::to_string).collect()
}

/// One line for lists: `仅退款 · WS20250101001 · pending_review`.
fn summary(case: &Case) -> String {
    let kind = words::kind(case.kind);
    format!("{kind} · {} · {}", case.order_number, case.state.word())
}

fn line(line: &CaseLine) -> CaseCardLine {
    CaseCardLine {
        line: line.line.unsigned_abs().into(),
        title: line.title.clone(),
        choice: line.choice.clone(),
        units: line.units,
    }
}
