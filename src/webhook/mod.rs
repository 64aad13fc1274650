//! Tells a shop's own systems, and its bots, what happened: signed, until they hear it.
//!
//! Staff keep endpoints ([`endpoint`]); a fact becomes one delivery for each endpoint that wants it ([`fan_out`]); the
//! courier calls ([`deliver`]) with what `payload.rs` writes; [`history`] shows every attempt and sends again;
//! [`switch_off`] stops calling who never hears, [`schedule`] says when. Below them: [`crate::egress`] calls, [`crate::sign`] proves
//! that it was us.

pub mod deliver;
pub mod endpoint;
pub mod fan_out;
pub mod history;
mod payload;
mod queries;
pub mod schedule;
pub mod switch_off;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{DeliveryId, EndpointId, UserId};

/// Endpoints of one shop at most.
pub const ENDPOINTS: i64 = 20;

/// What may be told: the kinds of facts that leave the house.
pub const EVENTS: [&str; 15] = [
    MESSAGE_POSTED,
    MESSAGE_CHANGED,
    "conversation_opened",
    "shop_followed",
    "members_joined",
    "member_left",
    "endpoint_switched_off",
    "stock_low",
    "stock_returned",
    "survey_due",
    "case_moved",
    "coupon_claimed",
    "coupon_used",
    "draw_moved",
    "red_packet_moved",
];
/// Somebody said something.
pub const MESSAGE_POSTED: &str = "message_posted";
/// A message was edited, recalled, redrawn or pinned.
pub const MESSAGE_CHANGED: &str = "message_changed";
/// What staff send to try an endpoint; every endpoint gets it.
pub const TEST: &str = "test";

/// A place that is told what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Where.
    pub url: String,
    /// Kinds of events, e.g. `message_posted`.
    pub events: Vec<String>,
    /// Only what this bot may hear; absent: everything in the shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_id: Option<UserId>,
    /// It is called.
    pub on: bool,
    /// Why not: `gone` (it answered 410), `failing` (nothing but failures for too long), `by_staff`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_because: Option<String>,
    /// The first failure since it last heard something, milliseconds since 1970; 0: it hears.
    pub failing_since: i64,
    /// Until then the secret before the last rotation signs too, milliseconds since 1970; 0: it does not.
    pub previous_secret_until: i64,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// An endpoint whose secret is new. It is shown this once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EndpointWithSecret {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// `whsec_…`: what calls are signed with.
    pub secret: String,
}

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It will be tried (again) at `due_at`.
    Waiting,
    /// The endpoint heard it.
    Delivered,
    /// Given up after the last attempt.
    Failed,
}

/// One event on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The call's `webhook-id`: the same at every attempt.
    pub webhook_id: String,
    /// The kind of event.
    pub event: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// Calls begun so far.
    pub attempts: i32,
    /// When the event happened, milliseconds since 1970.
    pub happened_at: i64,
    /// When it is tried again, milliseconds since 1970; 0: not by itself.
    pub due_at: i64,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// 1 and up.
    pub attempt: i32,
    /// When it began, milliseconds since 1970.
    pub at: i64,
    /// What was answered; absent: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i16>,
    /// Why nothing was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long it took; absent: it is under way, or was lost together with its server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i32>,
}

/// A page of deliveries, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<Delivery>,
    /// Empty on the last page.
    pub next_cursor: String,
}
