//! What went to browsers, or would have gone, to look at in development.

use jiff::Timestamp;

use super::queries;
use crate::{
    app::App,
    error::{Refusal, Result},
    id::UserId,
};

/// An alert that was brought to a browser.
#[derive(Clone, Debug)]
pub struct SentPush {
    /// Whose browser it is.
    pub user: UserId,
    /// As others see them.
    pub name: String,
    /// The words.
    pub text: String,
    /// When it was brought.
    pub sent_at: Timestamp,
}

/// The newest hundred, newest first. Refuses with `not_found` outside development.
pub async fn outbox(app: &App) -> Result<Vec<SentPush>> {
    if !app.config.development() {
        return Err(Refusal::NotFound.into());
    }
    queries::sent(app.store.pool()).await
}
