//! Fills in what a message refers to: files, the quoted message, people, the forwarded message.
//!
//! A retry is known before anything is looked up: what it refers to may be gone by now, and its answer is the first one all
//! the same.

use std::collections::BTreeSet;

use proto::{Forwarded, Message, MessageName, Quote, SendMessage, UserKind};

use super::{
    Draft, Posted, attachment,
    post::MENTIONS,
    queries::{self, refer::Sent},
    standing::Standing,
};
use crate::{
    actor::Actor,
    app::App,
    error::{Refusal, Result, refused_argument},
    id::UserId,
};

/// A request with everything looked up.
pub(super) enum Prepared {
    /// To be written.
    Draft(Box<Draft>),
    /// It was written before.
    Known(Posted),
}

/// Completes the draft of a request.
pub(super) async fn prepare(
    app: &App,
    actor: &Actor,
    request: &SendMessage,
    mut draft: Draft,
) -> Result<Prepared> {
    if let Some(posted) = known(app, actor, &draft).await? {
        return Ok(Prepared::Known(posted));
    }
    let here = standing(app, actor, &draft).await?;
    attachment::attach(app, actor, request, &mut draft.message).await?;
    if let Some(card) = &request.card {
        require_card_right(actor, &here)?;
        attachment::card_picture(app.store.pool(), actor, card).await?;
        draft.message.text.clone_from(&card.summary);
        draft.message.card = Some(card.clone());
    }
    if let Some(number) = request.quote {
        draft.message.quote = Some(quote(&here, number)?);
    }
    if let Some(name) = &request.forward {
        forward(app, actor, name, &mut draft.message).await?;
    }
    draft.message.mentions = mentions(app, &here, &request.mentions).await?;
    draft.message.mention_everybody = request.mention_everybody;
    if request.mention_everybody {
        require_herald(actor, &here)?;
    }
    Ok(Prepared::Draft(Box::new(draft)))
}

/// The first answer to a retry. Refuses with `client_message_id_reused` another request under the same id.
async fn known(app: &App, actor: &Actor, draft: &Draft) -> Result<Option<Posted>> {
    let id = &draft.message.client_message_id;
    let sent = queries::refer::sent(app.store.pool(), draft.conversation, actor.user, id).await?;
    match sent {
        None => Ok(None),
        Some(Sent { fingerprint, .. }) if Some(fingerprint) != draft.fingerprint => {
            Err(Refusal::ClientMessageIdReused.into())
        }
        Some(Sent { number, at, .. }) => Ok(Some(Posted {
            conversation: draft.conversation,
            number,
            sent_at: at,
        })),
    }
}

/// Where the sender stands. The log judges again; here nobody outside learns what is inside.
async fn standing(app: &App, actor: &Actor, draft: &Draft) -> Result<Standing> {
    let now = app.clock.now();
    let pool = app.store.pool();
    let standing = queries::standing(pool, draft.conversation, actor.user, now).await?;
    let standing = standing.ok_or(Refusal::NotFound)?;
    standing.require_voice()?;
    Ok(standing)
}

/// Cards are sent by bots, and by staff in their shop's conversations.
fn require_card_right(actor: &Actor, here: &Standing) -> Result<()> {
    if actor.kind == UserKind::Bot || here.serves() {
        Ok(())
    } else {
        Err(Refusal::Forbidden.into())
    }
}

/// Everybody is called by bots, staff, and those who lead the group.
fn require_herald(actor: &Actor, here: &Standing) -> Result<()> {
    if actor.kind == UserKind::Bot || here.serves() || here.leads() {
        Ok(())
    } else {
        Err(Refusal::Forbidden.into())
    }
}

/// Names what is quoted; what it says is drawn when the answer is written (`quote.rs`).
fn quote(here: &Standing, number: u64) -> Result<Quote> {
    if !here.seat.sees(number) || !(1..=here.seat.number).contains(&number) {
        return Err(refused_argument(
            "quote",
            "names no message that you can see",
        ));
    }
    Ok(Quote {
        number,
        ..Quote::default()
    })
}

/// Refuses who is not in the conversation now: a mention calls somebody who will read it.
async fn mentions(app: &App, here: &Standing, mentions: &[String]) -> Result<Vec<String>> {
    if mentions.len() > MENTIONS {
        return Err(refused_argument("mentions", "has at most 50 people"));
    }
    let no_id = |_| refused_argument("mentions", "holds what is not an id");
    let users = mentions
        .iter()
        .map(|id| id.parse().map_err(no_id))
        .collect::<Result<BTreeSet<UserId>>>()?;
    let users: Vec<UserId> = users.into_iter().collect();
    if users.is_empty() {
        return Ok(vec![]);
    }
    let here = queries::refer::present(app.store.pool(), here.seat.conversation, &users).await?;
    if here < users.len() {
        return Err(refused_argument(
            "mentions",
            "names somebody who is not in this conversation",
        ));
    }
    Ok(users.iter().map(UserId::to_string).collect())
}

/// Takes words and attachment from a message that the sender can see. Who said it first stays named.
async fn forward(
    app: &App,
    actor: &Actor,
    name: &MessageName,
    message: &mut Message,
) -> Result<()> {
    let unseen = || refused_argument("forward", "names no message that you can see");
    let there = name.conversation_id.parse().map_err(|_| unseen())?;
    let (pool, now) = (app.store.pool(), app.clock.now());
    let standing = queries::standing(pool, there, actor.user, now).await?;
    if !standing.is_some_and(|standing| standing.seat.sees(name.number)) {
        return Err(unseen());
    }
    let mut sql = pool.acquire().await?;
    let numbers = [name.number.cast_signed()];
    let found = super::load::messages(&mut sql, there, &numbers).await?;
    let said = found.into_iter().next().ok_or_else(unseen)?;
    if said.recalled {
        return Err(Refusal::AlreadyRecalled.into());
    }
    if said.sender.is_none() || said.card.is_some() {
        return Err(refused_argument("forward", "names a notice or a card"));
    }
    let first = Forwarded {
        sender: said.sender,
        sent_at: said.sent_at,
    };
    message.forwarded = said.forwarded.or(Some(first));
    message.text = said.text;
    (message.picture, message.file, message.voice) = (said.picture, said.file, said.voice);
    Ok(())
}
