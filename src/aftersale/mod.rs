//! After-sale: a customer wants money or other goods for what was ordered, or the shop gives money back by itself.
//!
//! A case is about units of an order's lines. While it is open, its lines are bound to it and are not sent. Where it stands is changed
//! only by what [`graph`] allows, under the locks of its order and then its own (`step.rs`): its history gets an entry, its card is
//! drawn anew, both sides are told. Goods that were not sent are refunded at once; those that were wait for staff. The money goes
//! by `payment::refund`; when it has arrived, [`settle`] ends the case and puts the goods where they belong.

pub mod apply;
pub mod books;
mod card;
pub mod decide;
pub mod exception;
pub mod exchange;
pub(crate) mod forgo;
pub mod form;
pub mod graph;
pub mod list;
mod queries;
pub mod receive;
pub mod rules;
pub mod settle;
pub mod show;
pub mod start;
mod step;
pub mod waiting;
mod words;

use jiff::Timestamp;
use proto::{CaseKind, CaseState};
use serde::Serialize;

use crate::{
    error::{Result, refused_argument},
    id::{CaseId, ConversationId, FileId, OrderId, ShopId, UserId},
    money::Money,
    order::{LineUnits, after_sale::Concern},
};

/// Pictures that are given at most with one deed.
const PICTURES: usize = 9;

/// A case as it is now.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Case {
    /// Its id; the refund, the fact and the alert name it.
    pub id: CaseId,
    /// In which shop.
    pub shop_id: ShopId,
    /// About which order.
    pub order_id: OrderId,
    /// `WS20250101001`.
    pub order_number: String,
    /// Whose order it is.
    pub customer_id: UserId,
    /// Their name.
    pub customer_name: String,
    /// Where it is talked about.
    pub conversation_id: ConversationId,
    /// The message there that shows it.
    pub card_number: i64,
    /// What is wanted.
    pub kind: CaseKind,
    /// Where it stands.
    pub state: CaseState,
    /// It is about goods that had left the house.
    pub sent: bool,
    /// About what.
    pub lines: Vec<CaseLine>,
    /// ISO 4217.
    pub currency: String,
    /// What goes back, in minor units; 0 for an exchange.
    pub amount: Money,
    /// Why.
    pub reason: String,
    /// Pictures of whoever began it.
    pub pictures: Vec<FileId>,
    /// Staff began it, not the customer.
    pub by_staff: bool,
    /// Who began it.
    pub started_by: UserId,
    /// It is outside of what the shop promises.
    pub outside_policy: bool,
    /// Who approved or rejected it; null with a time: a rule of the shop.
    pub decided_by: Option<UserId>,
    /// When.
    #[schema(value_type = Option<String>)]
    pub decided_at: Option<Timestamp>,
    /// Why it was rejected, or what is wrong with the goods that came back.
    pub answer: String,
    /// Pictures of that.
    pub answer_pictures: Vec<FileId>,
    /// By whom the goods come back.
    pub return_carrier: String,
    /// Under which number.
    pub return_number: String,
    /// By whom others are sent.
    pub replacement_carrier: String,
    /// Under which number.
    pub replacement_number: String,
    /// How many entries its history has.
    pub version: i32,
    /// When it began.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
}

/// Units of a line of the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CaseLine {
    /// Which.
    pub line: i16,
    /// How many.
    pub units: u32,
    /// What it is.
    pub title: String,
    /// Which of it.
    pub choice: Vec<String>,
}

impl Case {
    /// Its units.
    fn units(&self) -> Vec<LineUnits> {
        let units = |of: &CaseLine| LineUnits {
            line: of.line,
            units: of.units,
        };
        self.lines.iter().map(units).collect()
    }

    fn concern<'a>(&self, lines: &'a [LineUnits]) -> Concern<'a> {
        Concern {
            case: self.id,
            lines,
            sent: self.sent,
        }
    }
}

/// Refuses with `invalid_argument` more pictures than can be looked at.
fn require_few(pictures: &[FileId]) -> Result<()> {
    if pictures.len() > PICTURES {
        return Err(refused_argument("pictures", "are at most 9"));
    }
    Ok(())
}
