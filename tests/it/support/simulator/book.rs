//! What a played provider knows, and the rules that both keep.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use souk::clock::Clock;

use super::Trick;

/// What becomes of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Processing,
    Succeeded,
    Failed,
    /// Nobody can be handed the money. (WeChat Pay)
    Stuck,
}

/// A charge.
#[derive(Clone, Debug)]
pub(super) struct Trade {
    pub(super) number: String,
    pub(super) transaction: String,
    pub(super) fen: i64,
    pub(super) notify_url: String,
    pub(super) expires_at: String,
    /// The provider knows of it: WeChat Pay at once, Alipay when somebody scans the code.
    pub(super) begun: bool,
    pub(super) paid_at: Option<Timestamp>,
    pub(super) closed: bool,
}

/// A refund of it.
#[derive(Clone, Debug)]
pub(super) struct Back {
    pub(super) number: String,
    pub(super) trade: String,
    pub(super) fen: i64,
    pub(super) notify_url: String,
    pub(super) outcome: Outcome,
}

/// What is known.
#[derive(Default)]
pub(super) struct Book {
    pub(super) clock: Clock,
    pub(super) trades: BTreeMap<String, Trade>,
    pub(super) refunds: BTreeMap<String, Back>,
    pub(super) outcomes: VecDeque<Outcome>,
    pub(super) tricks: VecDeque<Trick>,
    pub(super) calls: Vec<String>,
    /// What was wrong with calls of the server's.
    pub(super) complaints: Vec<String>,
    pub(super) nonces: BTreeSet<String>,
}

/// An answer before it is signed: what is refused has a code.
pub(super) type Answer = Result<serde_json::Value, (u16, &'static str)>;

impl Book {
    /// A charge is made, or made again with nothing changed.
    pub(super) fn charge(&mut self, trade: Trade) -> Result<(), (u16, &'static str)> {
        match self.trades.get(&trade.number) {
            None => {
                self.trades.insert(trade.number.clone(), trade);
                Ok(())
            }
            Some(known) if known.paid_at.is_some() => Err((400, "ORDERPAID")),
            Some(known) if known.closed => Err((400, "ORDER_CLOSED")),
            Some(known) if known.fen == trade.fen => Ok(()),
            Some(_) => Err((403, "OUT_TRADE_NO_USED")),
        }
    }

    /// Closed, or why not.
    pub(super) fn close(&mut self, number: &str) -> Result<(), (u16, &'static str)> {
        let trade = self
            .trades
            .get_mut(number)
            .ok_or((404, "ORDER_NOT_EXIST"))?;
        match trade.paid_at {
            Some(_) => Err((400, "ORDER_PAID")),
            None if trade.closed => Err((400, "ORDER_CLOSED")),
            None => {
                trade.closed = true;
                Ok(())
            }
        }
    }

    /// Given back, once for each number. Says whether it is new.
    pub(super) fn refund(
        &mut self,
        mut back: Back,
        total: Option<i64>,
    ) -> Result<bool, (u16, &'static str)> {
        let trade = self
            .trades
            .get(&back.trade)
            .ok_or((404, "RESOURCE_NOT_EXISTS"))?;
        let wrong_total = total.is_some_and(|total| total != trade.fen);
        if trade.paid_at.is_none() || wrong_total {
            return Err((400, "INVALID_REQUEST"));
        }
        if let Some(known) = self.refunds.get(&back.number) {
            let same = known.fen == back.fen && known.trade == back.trade;
            return if same {
                Ok(false)
            } else {
                Err((400, "PARAM_ERROR"))
            };
        }
        let of_it = self
            .refunds
            .values()
            .filter(|other| other.trade == back.trade);
        if of_it.map(|other| other.fen).sum::<i64>() + back.fen > trade.fen {
            return Err((403, "NOT_ENOUGH"));
        }
        back.outcome = self.outcomes.pop_front().unwrap_or(Outcome::Succeeded);
        self.refunds.insert(back.number.clone(), back);
        Ok(true)
    }
}
