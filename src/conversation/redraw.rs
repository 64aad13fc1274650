//! Replace a card in place: it keeps its number, its version rises, and every screen draws it anew.

use std::time::Duration;

use prost::Message as _;
use proto::{Card, Message, RedrawCard};

use super::{
    attachment, card,
    change::{self, Held},
    load,
    queries::change::Columns,
    seat::conversation_id,
};
use crate::{
    actor::Actor,
    app::App,
    error::{Refusal, Result, refused_argument},
    id::ConversationId,
    media::{self, Carrier},
    store::Tx,
};

/// Replaces a link card: its sender, or the staff and bots of the conversation's shop (recorded). The same card again
/// changes nothing.
///
/// Refuses with `rate_limited`; with `not_the_sender`; with `already_recalled`; with `not_editable` what is no link card, for
/// every other card is drawn by its own noun.
pub async fn redraw_card(app: &App, actor: &Actor, request: RedrawCard) -> Result<Message> {
    let drawn = request
        .card
        .ok_or_else(|| refused_argument("card", "is missing"))?;
    card::check(&drawn)?;
    let conversation = conversation_id(&request.conversation_id)?;
    let (mut tx, held) = change::hold(app, actor, conversation, request.number).await?;
    held.require_redrawable(actor)?;
    let former = held.kept.content.card.as_ref();
    if former == Some(&drawn) {
        return change::shown(&mut tx, held.name()).await;
    }
    let changes_picture = former.map(picture) != Some(picture(&drawn));
    if changes_picture {
        attachment::card_picture(tx.sql(), actor, &drawn).await?;
    }
    let now = app.clock.now();
    let message = held.apply(&mut tx, actor, &columns(&drawn), now).await?;
    if held.kept.sender != Some(actor.user) {
        held.record(&mut tx, actor, "message.redrawn", &message, now)
            .await?;
    }
    if changes_picture {
        hang(&mut tx, held.name(), drawn).await?;
    }
    tx.commit().await?;
    Ok(message)
}

/// The same for the noun that drew the card, inside its own unit of work in the conversation's shop. Locks the conversation
/// until that work ends.
///
/// Refuses with `not_found`, `already_recalled`, and with `not_editable` a message that is no card.
pub async fn redraw(tx: &mut Tx, app: &App, name: load::Name, card: &Card) -> Result<Message> {
    let address = change::lock(tx, name.0).await?;
    let kept = change::kept(tx, name.0, name.1).await?;
    if kept.recalled {
        return Err(Refusal::AlreadyRecalled.into());
    }
    if kept.content.card.is_none() {
        return Err(Refusal::NotEditable.into());
    }
    let change = (None, &columns(card));
    change::apply(tx, name, address, change, app.clock.now()).await
}

/// Nobody says or draws anything there until this work ends: what is read from now on may be drawn.
pub async fn hold(tx: &mut Tx, conversation: ConversationId) -> Result<()> {
    change::lock(tx, conversation).await.map(drop)
}

/// Between two pictures of one card.
const PAUSE: Duration = Duration::from_millis(100);

/// Draws a card that many people change at once: one hand on each node draws, soon, and again until nothing has changed since, at most ten times
/// a second. `draw` draws what is then, unless the card shows it already.
pub(crate) fn keep_fresh<D>(
    app: &App,
    card: load::Name,
    draw: impl Fn(App) -> D + Send + Sync + 'static,
) where
    D: Future<Output = Result<()>> + Send,
{
    if !app.easel.begin(card) {
        return;
    }
    let app = app.by_itself();
    app.tasks.clone().spawn(async move {
        loop {
            if let Err(error) = draw(app.clone()).await {
                tracing::warn!(error = format!("{error:#}"), conversation = %card.0, "a card is drawn later");
            }
            tokio::time::sleep(PAUSE).await;
            if !app.easel.again(card) {
                return;
            }
        }
    });
}

fn picture(card: &Card) -> Option<&str> {
    card.link.as_ref().map(|link| &link.picture[..])
}

/// Whoever sees the card may fetch its picture, and not the one before.
async fn hang(tx: &mut Tx, (conversation, number): load::Name, drawn: Card) -> Result<()> {
    let number = number.cast_signed();
    let card = Message {
        card: Some(drawn),
        ..Message::default()
    };
    media::withdraw(tx, conversation, number).await?;
    let carriers: Vec<Carrier> = attachment::carriers(&card, conversation, number).collect();
    Ok(media::grant(tx.sql(), &carriers).await?)
}

/// A card's words are its summary.
fn columns(card: &Card) -> Columns {
    Columns {
        text: Some(card.summary.clone()),
        card: Some(card.encode_to_vec()),
        ..Columns::default()
    }
}

impl Held {
    fn require_redrawable(&self, actor: &Actor) -> Result<()> {
        self.standing.require_open()?;
        if self.kept.recalled {
            return Err(Refusal::AlreadyRecalled.into());
        }
        let card = self.kept.content.card.as_ref();
        if card.is_none_or(|card| card.link.is_none()) {
            return Err(Refusal::NotEditable.into());
        }
        let own = self.kept.sender == Some(actor.user) && self.standing.seat.present();
        if own || self.standing.serves() {
            Ok(())
        } else {
            Err(Refusal::NotTheSender.into())
        }
    }
}
