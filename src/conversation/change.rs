//! How a message changes in place: the one way for edits, recalls, reactions, pins and redrawn cards.
//!
//! [`hold`] locks the conversation, then reads who asks and what the message is; the verb's rule decides on what cannot
//! change under its hands; [`apply`] writes, raises the conversation's revision by one and shows the message as it is now.

use jiff::{SignedDuration, Timestamp};
use proto::Message;

use super::{
    Address, load,
    queries::{
        self,
        change::{Columns, Kept},
    },
    standing::Standing,
};
use crate::{
    actor::Actor,
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    event::Event,
    fact::Fact,
    id::{ConversationId, UserId},
    store::Tx,
};

/// A message under its conversation's lock, and where the person who asks stands.
#[derive(Debug)]
pub(super) struct Held {
    pub conversation: ConversationId,
    pub address: Address,
    pub standing: Standing,
    pub kept: Kept,
}

/// By what right somebody changes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Authority {
    /// It is theirs, and it is not too late.
    Own,
    /// They keep order for the shop; it goes into the record.
    Moderator,
}

/// Opens a unit of work with the conversation locked. Takes from the user's pace, as saying does: a change is shown to as
/// many. Refuses with `rate_limited`, and with `not_found` what does not exist or may not be seen.
pub(super) async fn hold(
    app: &App,
    actor: &Actor,
    conversation: ConversationId,
    number: u64,
) -> Result<(Tx, Held)> {
    app.sends.take(actor.user)?;
    let address = queries::address_of(app.store.pool(), conversation).await?;
    let mut tx = match address.ok_or(Refusal::NotFound)?.shop() {
        Some(shop) => app.store.begin(shop).await?,
        None => app.store.begin_people().await?,
    };
    let address = lock(&mut tx, conversation).await?;
    let now = app.clock.now();
    let standing = queries::standing(tx.sql(), conversation, actor.user, now).await?;
    let standing = standing
        .filter(|one| one.seat.sees(number) || one.moderates())
        .ok_or(Refusal::NotFound)?;
    let kept = kept(&mut tx, conversation, number).await?;
    Ok((
        tx,
        Held {
            conversation,
            address,
            standing,
            kept,
        },
    ))
}

/// Locks a conversation of the work's own shop. Refuses with `not_found`.
pub(super) async fn lock(tx: &mut Tx, conversation: ConversationId) -> Result<Address> {
    let address = queries::change::lock(tx, conversation).await?;
    Ok(address.ok_or(Refusal::NotFound)?)
}

/// A message as the log keeps it. Refuses with `not_found`.
pub(super) async fn kept(tx: &mut Tx, conversation: ConversationId, number: u64) -> Result<Kept> {
    let kept = queries::change::kept(tx.sql(), conversation, number).await?;
    Ok(kept.ok_or(Refusal::NotFound)?)
}

/// Changes a message whose conversation is locked, shows it, and gives it as it is now. `by`: nobody, the server itself.
pub(super) async fn apply(
    tx: &mut Tx,
    (conversation, number): load::Name,
    address: Address,
    (by, columns): (Option<UserId>, &Columns),
    now: Timestamp,
) -> Result<Message> {
    let change = (by, columns);
    let remembers = queries::change::change(tx, conversation, number, change, now).await?;
    if remembers && *columns != Columns::default() {
        let fact = Fact::MessageChanged {
            conversation_id: conversation,
            number: number.cast_signed(),
        };
        tx.remember(&fact, now).await?;
    }
    let message = shown(tx, (conversation, number)).await?;
    tx.show(Event::changed(
        conversation,
        address.audiences(),
        message.clone(),
    ));
    Ok(message)
}

/// A message as it is now.
pub(super) async fn shown(tx: &mut Tx, (conversation, number): load::Name) -> Result<Message> {
    let messages = load::messages(tx.sql(), conversation, &[number.cast_signed()]).await?;
    Ok(messages.into_iter().next().ok_or(Refusal::NotFound)?)
}

impl Held {
    pub(super) fn name(&self) -> load::Name {
        (self.conversation, self.kept.number)
    }

    /// Changes it, in somebody's name.
    pub(super) async fn apply(
        &self,
        tx: &mut Tx,
        by: &Actor,
        columns: &Columns,
        now: Timestamp,
    ) -> Result<Message> {
        let change = (Some(by.user), columns);
        apply(tx, self.name(), self.address, change, now).await
    }

    /// Nobody changes what the server itself said, nor what was taken back: `not_editable`, `already_recalled`.
    pub(super) fn require_said(&self) -> Result<()> {
        match (self.kept.sender, self.kept.recalled) {
            (None, _) => Err(Refusal::NotEditable.into()),
            (_, true) => Err(Refusal::AlreadyRecalled.into()),
            _ => Ok(()),
        }
    }

    /// By what right `user` may change this message's words: its sender up to `window` after it was sent, a moderator at
    /// any time. Refuses with `not_the_sender` or `too_late`.
    pub(super) fn authority(
        &self,
        user: UserId,
        now: Timestamp,
        window: SignedDuration,
        too_late: Refusal,
    ) -> Result<Authority> {
        let own = self.kept.sender == Some(user);
        let in_time = now.duration_since(self.kept.sent_at) <= window;
        match (own, in_time, self.standing.moderates()) {
            (true, true, _) => Ok(Authority::Own),
            (_, _, true) => Ok(Authority::Moderator),
            (true, false, false) => Err(too_late.into()),
            (false, ..) => Err(Refusal::NotTheSender.into()),
        }
    }

    /// Writes down what was done by special right. The words are not repeated: `message_versions` has them.
    pub(super) async fn record(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        action: &'static str,
        after: &Message,
        now: Timestamp,
    ) -> Result<()> {
        let target = format!("message:{}/{}", self.conversation, self.kept.number);
        let sender = self.kept.sender.map(|sender| sender.to_string());
        let deed = Deed::new(actor.user, action, target)
            .before(serde_json::json!({ "version": self.kept.version, "sender": sender }))
            .after(serde_json::json!({ "version": after.version }));
        audit::record(tx, deed, now).await
    }
}
