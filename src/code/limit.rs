//! How often is too often: allowances (so many in such a time) and attempts (each wrong guess makes the next one wait).
//!
//! Both live in Postgres, so that all nodes count together, and both are decided by one statement, so that many at once
//! are no way around them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::queries::limit as queries;
use crate::{
    app::App,
    error::{Error, Refusal, Result, refused_until},
    store::Tx,
};

/// Who or what is limited, as a hash.
pub(crate) struct Subject([u8; 32]);

impl Subject {
    /// The parts name the limit and whom it is for.
    pub(crate) fn new(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

/// Takes one of the `most` that `subject` has in every `per`. Refuses with `rate_limited`.
pub(crate) async fn take(
    app: &App,
    subject: &Subject,
    most: i32,
    per: SignedDuration,
) -> Result<()> {
    let (pool, now) = (app.store.pool(), app.clock.now());
    if queries::take(pool, &subject.0, most, now, now + per).await? {
        return Ok(());
    }
    let renews_at = queries::renews_at(pool, &subject.0).await?;
    Err(not_before(renews_at, now))
}

/// The same as part of a unit of work: a refusal takes the work with it.
pub(crate) async fn take_within(
    tx: &mut Tx,
    now: Timestamp,
    subject: &Subject,
    most: i32,
    per: SignedDuration,
) -> Result<()> {
    if queries::take(tx.sql(), &subject.0, most, now, now + per).await? {
        return Ok(());
    }
    let renews_at = queries::renews_at(tx.sql(), &subject.0).await?;
    Err(not_before(renews_at, now))
}

/// Gives one back: it was not what the limit is against.
pub(crate) async fn give_back(app: &App, subject: &Subject) -> Result<()> {
    Ok(queries::give_back(app.store.pool(), &subject.0).await?)
}

/// Counts a guess at a secret before it is checked. The first few are free, then each waits twice as long, up to a
/// quarter of an hour; after a day without guesses all is forgotten. Refuses with `rate_limited`.
pub(crate) async fn attempt(app: &App, subject: &Subject) -> Result<()> {
    let (pool, now) = (app.store.pool(), app.clock.now());
    if queries::attempt(pool, &subject.0, now).await? {
        return Ok(());
    }
    let next_at = queries::next_at(pool, &subject.0).await?;
    Err(not_before(next_at, now))
}

/// The guess was right: the failures before it are forgotten.
pub(crate) async fn succeeded(app: &App, subject: &Subject) -> Result<()> {
    Ok(queries::forget_attempts(app.store.pool(), &subject.0).await?)
}

fn not_before(at: Option<Timestamp>, now: Timestamp) -> Error {
    let wait = at.map_or(Duration::ZERO, |at| {
        at.duration_since(now).try_into().unwrap_or_default()
    });
    refused_until(Refusal::RateLimited, wait.max(Duration::from_secs(1)))
}
