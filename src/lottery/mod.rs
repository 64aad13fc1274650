//! Lotteries in groups: published with rules that nobody can change, entered, drawn once, and checkable by everybody afterwards.
//!
//! [`fair`] says who wins and knows no database; [`file`](mod@file) is what anybody can decide it by again. That a draw happens once is decided by the one
//! statement that takes its row out of `open`, whoever comes first: the fact of somebody's joining on any node, or the schedule. With a beacon
//! this only closes the list, and the one statement that takes the row out of `closed` decides that it happens once.

pub mod books;
pub mod cancel;
mod card;
pub mod decide;
pub mod dossier;
pub mod enter;
pub mod fair;
pub mod file;
pub mod hear;
pub mod hold;
mod picture;
pub(crate) mod proof;
pub mod publish;
mod queries;
mod roll;
pub mod rules;
pub mod settle;
pub mod show;
mod tell;
pub mod time_out;
mod words;

use jiff::Timestamp;
use proto::{DrawPlaceState, DrawState};
use serde::Serialize;

use self::{fair::Awaited, rules::Rules};
use crate::{
    beacon::Value,
    clock::millis,
    id::{ConversationId, DrawId, UserId},
    money::{Money, TooMuch},
};

/// A lottery in a group.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Draw {
    /// Its id.
    pub id: DrawId,
    /// The group.
    pub conversation_id: ConversationId,
    /// The message there that shows it.
    pub card_number: i64,
    /// Where it stands.
    pub state: DrawState,
    /// What was published, for good.
    pub rules: Rules,
    /// SHA-256 of the rules, of the bytes that the file of the draw has.
    pub rules_hash: String,
    /// What the server has committed itself to.
    pub commitment: String,
    /// Revealed when its list is closed.
    pub seed: Option<String>,
    /// How many people have tickets.
    pub people: i32,
    /// How many tickets there are.
    pub tickets: i32,
    /// The hash of the last ticket and of all before it.
    pub last_link: String,
    /// When it was published.
    #[schema(value_type = String)]
    pub opened_at: Timestamp,
    /// When its list was closed, or it was cancelled before that.
    #[schema(value_type = Option<String>)]
    pub closed_at: Option<Timestamp>,
    /// The hash of the closed list.
    pub close_hash: Option<String>,
    /// The round of the beacon that decides it, from the close on.
    pub round: Option<u64>,
    /// When that round begins.
    #[schema(value_type = Option<String>)]
    pub round_at: Option<Timestamp>,
    /// The value of that round, when it was drawn.
    pub beacon: Option<Value>,
    /// When it was called off.
    #[schema(value_type = Option<String>)]
    pub cancelled_at: Option<Timestamp>,
    /// Why it was cancelled.
    pub cancelled_because: Option<String>,
    /// Until when nothing of it is removed: two years from its end.
    #[schema(value_type = Option<String>)]
    pub kept_until: Option<Timestamp>,
    /// The rules as they were hashed.
    #[serde(skip)]
    pub(crate) rules_text: String,
    #[serde(skip)]
    pub(crate) sealed_seed: String,
}

/// Somebody among the winners, or who follows them.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = DrawPlaceOf)]
pub struct PlaceOf {
    /// 1: the lowest score.
    pub place: i32,
    /// Who.
    pub customer_id: UserId,
    /// As others see them.
    pub name: String,
    /// Their best ticket.
    pub ticket: i32,
    /// Its score.
    pub score: String,
    /// Which of the prizes in the rules, from 0; null: a substitute.
    pub prize: Option<i32>,
    /// Where it stands.
    pub state: DrawPlaceState,
    /// Why it was forfeited.
    pub because: Option<String>,
}

impl Draw {
    /// The row that its seed is sealed for.
    pub(crate) fn row(id: DrawId) -> String {
        format!("draws/{id}")
    }

    /// The name of the prize of a place.
    pub(crate) fn prize_name(&self, place: &PlaceOf) -> &str {
        let prize = place.prize.and_then(|prize| usize::try_from(prize).ok());
        let prize = prize.and_then(|prize| self.rules.prizes.get(prize));
        prize.map_or("", |prize| &prize.name)
    }

    /// What the prizes cost that somebody has won and not forfeited (LOT-05).
    pub fn cost(&self, places: &[PlaceOf]) -> Result<Money, TooMuch> {
        let won = places.iter().filter(|place| place.wins());
        let prizes = won.filter_map(|place| usize::try_from(place.prize?).ok());
        Money::sum(prizes.filter_map(|prize| Some(self.rules.prizes.get(prize)?.value)))
    }
}

impl Draw {
    /// Its seed, if its list was closed.
    pub(crate) fn revealed(&self) -> Option<&str> {
        let open = match self.state {
            DrawState::Closed | DrawState::Drawn | DrawState::PrizesDelivered => false,
            DrawState::Cancelled => self.round.is_none(),
            DrawState::Open | DrawState::Unspecified => true,
        };
        self.seed.as_deref().filter(|_| !open)
    }

    /// When it was closed, and which round decides it; `None`: none.
    pub(crate) fn awaited(&self) -> Option<Awaited> {
        let (closed, round) = self.closed_at.zip(self.round)?;
        Some(Awaited {
            at: millis(closed),
            round,
        })
    }

    /// When it was called off, in milliseconds since 1970, and why.
    pub(crate) fn called_off(&self) -> Option<(i64, String)> {
        let (at, because) = self.cancelled_at.zip(self.cancelled_because.clone())?;
        Some((millis(at), because))
    }

    /// It was called off after its round had begun: when who would have won could be known.
    pub(crate) fn cancelled_late(&self) -> bool {
        let round = self.round_at.zip(self.cancelled_at);
        round.is_some_and(|(begins, cancelled)| cancelled >= begins)
    }
}

impl PlaceOf {
    /// Has a prize, or has had it.
    pub(crate) fn wins(&self) -> bool {
        matches!(self.state, DrawPlaceState::Won | DrawPlaceState::Delivered)
    }
}
