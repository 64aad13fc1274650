//! Words to many, through the log's commit coordinator. Whoever was told already, by a node that died before it could write that down, gets the first
//! answer again.

use futures_util::future::join_all;
use proto::{Card, Message};

use super::{
    fingerprint, message_id, queries,
    run::{Fate, Recipient, Under},
};
use crate::{
    conversation::{Draft, open},
    error::{Error, Refusal, Result},
    id::{ConversationId, UserId},
};

/// Says it to these, and writes down who has it. False: some could not be told now, and will be later.
pub(super) async fn say(under: &Under<'_>, batch: Vec<Recipient>) -> Result<bool> {
    let mut fates = vec![];
    let mut drafts = vec![];
    for one in batch {
        match place(under, &one).await? {
            Some(conversation) => {
                let words = under.offer(&one).map(|offer| offer.words(&one.name));
                let draft = under.draft(&one, conversation, words.unwrap_or_default(), None);
                drafts.push((one.customer, draft));
            }
            None => fates.push((one.customer, skipped(Refusal::Banned))),
        }
    }
    let said = drafts.into_iter().map(|(customer, draft)| async move {
        let conversation = draft.conversation;
        let posted = under.app.log.post(draft).await;
        (
            customer,
            posted.map(|posted| Fate::Sent(conversation, posted.number)),
        )
    });
    let mut all = true;
    for (customer, outcome) in join_all(said).await {
        match outcome.or_else(|error| refused(error).map(skipped)) {
            Ok(fate) => fates.push((customer, fate)),
            Err(error) if error.is_weather() => all = false,
            Err(error) => return Err(error),
        }
    }
    settle(under, &fates).await?;
    Ok(all)
}

/// Writes down what became of them.
pub(super) async fn settle(under: &Under<'_>, fates: &[(UserId, Fate)]) -> Result<()> {
    if fates.is_empty() {
        return Ok(());
    }
    let now = under.app.clock.now();
    let mut tx = under.app.store.begin(under.shop).await?;
    queries::settle(&mut tx, under.id, fates, now).await?;
    tx.commit().await
}

/// Their conversation with the shop, opened if there is none. Nothing: the shop has banned them.
pub(super) async fn place(under: &Under<'_>, one: &Recipient) -> Result<Option<ConversationId>> {
    if one.conversation.is_some() {
        return Ok(one.conversation);
    }
    let mut tx = under.app.store.begin(under.shop).await?;
    let opened = open::by_itself(under.app, &mut tx, one.customer).await?;
    tx.commit().await?;
    Ok(opened)
}

/// What the rules say no to is no failure of the campaign: it is this recipient's reason.
pub(super) fn refused(error: Error) -> Result<Refusal> {
    match error.refusal() {
        Some(code) if !error.is_weather() => Ok(code),
        _ => Err(error),
    }
}

pub(super) fn skipped(code: Refusal) -> Fate {
    use proto::json::Word as _;
    Fate::Skipped(code.word())
}

impl Under<'_> {
    /// What one recipient is told, by the shop's own bot.
    pub(super) fn draft(
        &self,
        one: &Recipient,
        conversation: ConversationId,
        text: String,
        card: Option<Card>,
    ) -> Draft {
        self.draft_as(
            message_id(self.id, one.customer.0),
            conversation,
            text,
            card,
        )
    }

    pub(super) fn draft_as(
        &self,
        client_message_id: String,
        conversation: ConversationId,
        text: String,
        card: Option<Card>,
    ) -> Draft {
        let message = Message {
            conversation_id: conversation.to_string(),
            client_message_id,
            sender: Some(self.voice.sender()),
            text,
            card,
            ..Message::default()
        };
        Draft {
            conversation,
            sender: Some(self.voice.user),
            message,
            fingerprint: Some(fingerprint(self.id)),
        }
    }
}
