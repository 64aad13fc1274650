//! What customers ask about: whoever opens a shop's conversation from a product's page is known to ask about it (CHAT-03), and staff show what they have by the same card ([`show`]).
//!
//! The conversation shows a card of the product ([`open`]), the shop's staff read beside it what the customer has asked about ([`list`]).
//! The card is a snapshot and says when it was taken: what a product costs now is said by the catalogue.

mod card;
pub mod list;
pub mod open;
mod queries;
pub mod show;

use jiff::SignedDuration;

/// Who comes from the same page again within this time has not asked again: a second press, a page that was loaded anew.
const AGAIN: SignedDuration = SignedDuration::from_mins(10);
