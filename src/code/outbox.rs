//! What was sent to phones and mailboxes, to look at in development.

use jiff::Timestamp;

use super::{contact::Contact, queries::code as queries};
use crate::{
    app::App,
    error::{Refusal, Result},
};

/// A text to a phone or a mailbox.
#[derive(Clone, Debug)]
pub struct OutgoingText {
    /// `sms` or `email`.
    pub channel: String,
    /// The phone number or address.
    pub recipient: String,
    /// The words.
    pub text: String,
    /// When it was written.
    pub sent_at: Timestamp,
}

/// The newest hundred, newest first, to everybody or to one contact. Refuses with `not_found` outside development.
pub async fn outbox(app: &App, to: Option<&Contact>) -> Result<Vec<OutgoingText>> {
    if !app.config.development() {
        return Err(Refusal::NotFound.into());
    }
    let sent = queries::sent(app.store.pool(), to.map(Contact::address)).await?;
    let texts = sent.into_iter().map(|sent| OutgoingText {
        channel: sent.channel,
        recipient: sent.recipient,
        text: sent.text,
        sent_at: sent.created_at,
    });
    Ok(texts.collect())
}
