//! What a tracker tells of a parcel, in our words.

use jiff::Timestamp;
use serde::Serialize;

/// Where a parcel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It has left the shop; nothing more was heard.
    Sent,
    /// The carrier has it.
    Collected,
    /// On its way.
    InTransit,
    /// At a border.
    Customs,
    /// It is brought today.
    OutForDelivery,
    /// Something is wrong.
    Problem,
    /// The recipient did not take it.
    Refused,
    /// The recipient has it.
    Signed,
    /// On its way back.
    Returning,
    /// The sender has it again.
    Returned,
}

const STATES: [(State, &str); 10] = [
    (State::Sent, "sent"),
    (State::Collected, "collected"),
    (State::InTransit, "in_transit"),
    (State::Customs, "customs"),
    (State::OutForDelivery, "out_for_delivery"),
    (State::Problem, "problem"),
    (State::Refused, "refused"),
    (State::Signed, "signed"),
    (State::Returning, "returning"),
    (State::Returned, "returned"),
];

impl State {
    /// As the database has it.
    pub fn word(self) -> &'static str {
        let found = STATES.iter().find(|(state, _)| *state == self);
        found.map_or("sent", |(_, word)| word)
    }

    /// The state of a word.
    pub fn of(word: &str) -> Option<Self> {
        let found = STATES.iter().find(|(_, known)| *known == word);
        found.map(|(state, _)| *state)
    }
}

/// What happens with the subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Following {
    /// More may come.
    GoesOn,
    /// The parcel has arrived: nothing more comes.
    Over,
    /// Nothing was found for days: nothing more comes, unless it is asked for again half an hour later.
    GivenUp,
}

/// One thing that happened to a parcel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// The carrier's words, 1 to 500 characters.
    pub words: String,
    /// Where; often empty.
    pub place: String,
}

/// What is believed of a notice: the whole trace so far, and where it led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Of which number.
    pub number: String,
    /// The carrier's code, put right if the shop's was wrong.
    pub carrier: String,
    /// Where the parcel is.
    pub state: State,
    /// The oldest first.
    pub events: Vec<Event>,
    /// Whether more may come.
    pub following: Following,
}
