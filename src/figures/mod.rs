//! What a shop sold, gave back, handed out and answered, day by day (ANA-05, ANA-11, ANA-12, ANA-19, ANA-21).
//!
//! Nothing is kept for it: each figure is one statement over what the nouns keep anyway, read by shop and time
//! (`migrations/0031_figures.sql`). Nobody imports this noun, so it reads their tables and changes none.

mod queries;
mod sum;

use serde::Serialize;

use crate::{
    actor::{SeeData, Staff},
    app::App,
    error::{Result, refused_argument},
    money::{BasisPoints, Money},
};

/// Days at most.
const MOST_DAYS: u32 = 92;

/// Days, if nobody says how many.
const DAYS: u32 = 30;

/// What happened in a shop, in days of its time zone that end with today.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Figures {
    /// The shop's time zone, an IANA name.
    pub time_zone: String,
    /// Every day, the oldest first; the last is today, as far as it has come.
    pub days: Vec<Day>,
    /// All of them together.
    pub whole: Whole,
}

/// One day.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct Day {
    /// `2025-01-31`.
    pub day: String,
    /// Orders that were placed.
    pub orders: i64,
    /// What was paid, in minor units.
    pub sales: Money,
    /// What went back, in minor units, on the day when it arrived.
    pub refunds: Money,
    /// Coupons that came into wallets.
    pub coupons_claimed: i64,
    /// Coupons whose order was paid.
    pub coupons_used: i64,
    /// Times that a customer asked and somebody answered.
    pub answers: i64,
    /// Half of these waited no longer, in milliseconds; null: there were none.
    pub answer_ms: Option<i64>,
}

/// All days together. People and orders are counted once, however many days they were seen on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Whole {
    /// Orders that were placed.
    pub orders: i64,
    /// What was paid, in minor units.
    pub sales: Money,
    /// Orders that something was paid for.
    pub paid_orders: i64,
    /// Customers who paid something.
    pub paying_customers: i64,
    /// What went back, in minor units.
    pub refunds: Money,
    /// Orders that something went back for.
    pub refunded_orders: i64,
    /// Coupons that came into wallets.
    pub coupons_claimed: i64,
    /// Coupons whose order was paid.
    pub coupons_used: i64,
    /// Of the templates with a quantity that somebody claimed from in these days: what is in wallets out of it, ever, in basis points;
    /// null: there are none.
    pub claim_rate: Option<BasisPoints>,
    /// Of the coupons that were claimed in these days: those that are used by now, in basis points; null: none was claimed.
    pub use_rate: Option<BasisPoints>,
    /// Times that a customer asked and somebody answered.
    pub answers: i64,
    /// Half of these waited no longer, in milliseconds; null: there were none.
    pub answer_ms: Option<i64>,
    /// Nine of ten waited no longer.
    pub slow_answer_ms: Option<i64>,
}

/// The figures of so many days (1 to 92, 0 means 30). Refuses other numbers with `invalid_argument` (`days`).
///
/// Answers are those of people, not of programs, by day and night, to the first of what a customer said in a row; looked for in the
/// newest 500 messages of the 500 conversations with customers that were busy last.
pub async fn figures(app: &App, by: &Staff<SeeData>, days: u32) -> Result<Figures> {
    let days = match days {
        0 => DAYS,
        1..=MOST_DAYS => days,
        _ => return Err(refused_argument("days", "is not 1 to 92")),
    };
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    let period = queries::period(&mut tx, now, days).await?;
    let found = sum::Found {
        orders: queries::orders(&mut tx, &period).await?,
        money: queries::money(&mut tx, &period).await?,
        coupons: queries::coupons(&mut tx, &period).await?,
        rates: queries::rates(&mut tx, &period).await?,
        answers: queries::answers(&mut tx, &period).await?,
    };
    Ok(sum::sum(period, &found))
}
