//! Goods of paid orders that are not there: the customer is told at once and chooses, on a card, something similar, their money, or to
//! wait (INV-04). When goods come in, those who wait are served first, the oldest order before the others (INV-05).
//!
//! Units that are short are written off and not held for their order; what comes in is held for it before anybody else can buy it.
//! Locks are taken as orders take them: the order, its shortage, its conversation, the goods.

pub mod books;
mod card;
pub mod choose;
pub mod list;
pub mod mark;
mod queries;
pub mod reasons;
pub mod receive;
pub mod serve;
mod step;

use jiff::Timestamp;
use proto::{ShortageChoice, ShortageReason, ShortageState};
use serde::Serialize;

pub use crate::order::offer::Offer;
use crate::{
    error::{Refusal, Result, refused_because},
    id::{CaseId, OrderId, ShortageId, UserId, VariantId},
    order::{LineUnits, short::Chosen},
};

/// Units of a line that are not there, as it is now.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Shortage {
    /// Its id.
    pub id: ShortageId,
    /// Of which order.
    pub order_id: OrderId,
    /// Of which line.
    pub line: i16,
    /// What is not there.
    pub variant_id: VariantId,
    /// Its product's title.
    pub title: String,
    /// What the variant says.
    pub choice: Vec<String>,
    /// How many were not.
    pub units: u32,
    /// How many of those have come in since.
    pub arrived: u32,
    /// Why; only staff see it.
    pub reason: Option<ShortageReason>,
    /// What the customer was told.
    pub remark: String,
    /// Similar things that were offered.
    pub offers: Vec<Offer>,
    /// Where it stands.
    pub state: ShortageState,
    /// The message in the order's conversation that shows it.
    pub card_number: i64,
    /// Who of the staff missed them.
    pub marked_by: UserId,
    /// When.
    #[schema(value_type = String)]
    pub marked_at: Timestamp,
    /// What was chosen last; null: nothing yet.
    pub chosen: Option<ShortageChoice>,
    /// The variant that is sent instead.
    pub taken: Option<VariantId>,
    /// Who chose.
    pub chosen_by: Option<UserId>,
    /// When.
    #[schema(value_type = Option<String>)]
    pub chosen_at: Option<Timestamp>,
    /// The case by which the money goes back.
    pub case_id: Option<CaseId>,
}

impl Shortage {
    /// What is still short.
    fn left(&self) -> LineUnits {
        LineUnits {
            line: self.line,
            units: self.units - self.arrived,
        }
    }

    /// What the customer may choose now. What was offered is for all units: once some have come in, it is not to be had any more.
    fn may(&self) -> Vec<ShortageChoice> {
        let similar = !self.offers.is_empty() && self.arrived == 0;
        let similar = similar.then_some(ShortageChoice::Similar);
        match self.state {
            ShortageState::Offered => similar
                .into_iter()
                .chain([ShortageChoice::Refund, ShortageChoice::Wait])
                .collect(),
            ShortageState::Waiting => similar
                .into_iter()
                .chain([ShortageChoice::Refund])
                .collect(),
            _ => vec![],
        }
    }

    /// Refuses with `conflict` what cannot be chosen (any more).
    fn require(&self, choice: ShortageChoice) -> Result<()> {
        if self.may().contains(&choice) {
            return Ok(());
        }
        let sentence = "This cannot be chosen, or not any more.".to_owned();
        Err(refused_because(Refusal::Conflict, &"choice", sentence))
    }

    fn chosen<'a>(&self, choice: ShortageChoice, remark: &'a str) -> Chosen<'a> {
        Chosen {
            shortage: self.id,
            part: self.left(),
            choice,
            remark,
        }
    }

    /// As the customer sees it.
    fn for_customer(self) -> Self {
        Self {
            reason: None,
            ..self
        }
    }
}
