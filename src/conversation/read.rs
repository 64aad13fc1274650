//! How far people have read: a watermark for each person that never goes back, the same on all their devices.

use proto::{ConversationKind, ListReaders, MarkRead, ReadMoved, ReaderPage, push};

use super::{
    Address, queries,
    seat::{conversation_id, seat},
};
use crate::{
    actor::Actor,
    app::App,
    bus::Audience,
    error::{Refusal, Result, refused_argument},
    event::Event,
};

/// Moves the actor's watermark to `number`, or to the last message that they may see if that is less. A number below the
/// watermark changes nothing. Between two and with a shop everybody is shown how far; in a group only the reader's own
/// devices are.
///
/// Refuses with `not_found` whoever has no seat, with `invalid_argument` what is malformed.
pub async fn mark_read(app: &App, actor: &Actor, request: MarkRead) -> Result<()> {
    let conversation = conversation_id(&request.conversation_id)?;
    let mut tx = app.store.begin_people().await?;
    let seat = seat(tx.sql(), actor, conversation).await?;
    let number = request.number.min(seat.newest());
    let now = app.clock.now();
    if !queries::read::move_on(tx.sql(), conversation, actor.user, number, now).await? {
        return Ok(());
    }
    let audiences = match seat.address {
        Address::Group { .. } => vec![Audience::User(actor.user)],
        address => address.audiences(),
    };
    let moved = ReadMoved {
        conversation_id: conversation.to_string(),
        user_id: actor.user.to_string(),
        number,
    };
    tx.show(Event::passing(audiences, push::Event::ReadMoved(moved)));
    tx.commit().await
}

/// Who of a group has read a message: of those who are in it now, were when it was said and did not say it, how many, and
/// how many have read up to it or further; the first 100 of these by id.
///
/// Refuses with `not_found` whoever may not see that message, with `not_a_member` whoever has left, with
/// `invalid_argument` what is not a group: elsewhere `read_moved` tells all.
pub async fn readers(app: &App, actor: &Actor, request: ListReaders) -> Result<ReaderPage> {
    let conversation = conversation_id(&request.conversation_id)?;
    let mut sql = app.store.pool().acquire().await?;
    let seat = seat(&mut sql, actor, conversation).await?;
    if !seat.sees(request.number) || request.number > seat.newest() {
        return Err(Refusal::NotFound.into());
    }
    seat.require_present()?;
    if seat.address.kind() != ConversationKind::Group {
        return Err(refused_argument("conversation_id", "is not a group"));
    }
    let readers = queries::read::readers(&mut sql, conversation, request.number).await?;
    Ok(ReaderPage {
        readers: u32::try_from(readers.count).unwrap_or(u32::MAX),
        members: u32::try_from(readers.members).unwrap_or(u32::MAX),
        user_ids: readers.first.iter().map(ToString::to_string).collect(),
    })
}
