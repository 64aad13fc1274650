//! What a message carries: a picture, a file or voice, and the picture of a card.
//!
//! A sender names a file of their own; the rest is filled in from what is known of it. Whoever takes part in the
//! conversation may fetch it from then on, until the message is recalled.

use proto::{Card, File, Message, Picture, SendMessage, Voice};
use sqlx::PgExecutor;

use crate::{
    actor::Actor,
    app::App,
    error::{Result, refused_argument},
    id::{ConversationId, FileId},
    media::{self, Carrier},
};

/// The longest voice message, in milliseconds: ten minutes.
const VOICE_MS: u32 = 600_000;

/// Fills in the one attachment, if there is one.
pub(super) async fn attach(
    app: &App,
    actor: &Actor,
    request: &SendMessage,
    message: &mut Message,
) -> Result<()> {
    let sql = app.store.pool();
    if let Some(asked) = &request.picture {
        message.picture = Some(own_picture(sql, actor, "picture", &asked.file_id).await?);
    }
    if let Some(asked) = &request.file {
        let file = own_file(sql, actor, "file", &asked.file_id, None).await?;
        message.file = Some(File {
            file_id: file.id.to_string(),
            name: file.name,
            size: file.size.cast_unsigned(),
            media_type: file.media_type,
        });
    }
    if let Some(asked) = &request.voice {
        let file = own_file(sql, actor, "voice", &asked.file_id, Some("voice")).await?;
        message.voice = Some(voice(&file, asked.length_ms)?);
    }
    Ok(())
}

/// A picture of the actor's own, as messages carry it. Refuses with `invalid_argument`, naming the field, what is none.
pub(crate) async fn own_picture(
    sql: impl PgExecutor<'_>,
    actor: &Actor,
    field: &str,
    id: &str,
) -> Result<Picture> {
    let file = own_file(sql, actor, field, id, Some("picture")).await?;
    Ok(picture(&file))
}

fn picture(file: &media::File) -> Picture {
    let pixels = |side: Option<i32>| side.unwrap_or_default().cast_unsigned();
    Picture {
        file_id: file.id.to_string(),
        width: pixels(file.width),
        height: pixels(file.height),
        thumbnail_id: file.thumbnail.map(|id| id.to_string()).unwrap_or_default(),
    }
}

fn voice(file: &media::File, length_ms: u32) -> Result<Voice> {
    if !(1..=VOICE_MS).contains(&length_ms) {
        return Err(refused_argument("voice.length_ms", "is 1 to 600000"));
    }
    Ok(Voice {
        file_id: file.id.to_string(),
        length_ms,
    })
}

/// The picture of a link card is a picture of the sender's own.
pub(super) async fn card_picture(
    sql: impl PgExecutor<'_>,
    actor: &Actor,
    card: &Card,
) -> Result<()> {
    let picture = card.link.as_ref().map(|link| &link.picture[..]);
    if let Some(id) = picture.filter(|id| !id.is_empty()) {
        own_file(sql, actor, "card.link.picture", id, Some("picture")).await?;
    }
    Ok(())
}

/// A file of the actor's own, of a kind if one is wanted. Somebody else's file is refused like one that does not exist.
async fn own_file(
    sql: impl PgExecutor<'_>,
    actor: &Actor,
    field: &str,
    id: &str,
    kind: Option<&str>,
) -> Result<media::File> {
    let no_file = || refused_argument(field, "names no such file of yours");
    let id = id.parse().map_err(|_| no_file())?;
    let found = media::owned(sql, actor, id).await?;
    found
        .filter(|file| kind.is_none_or(|kind| file.kind == kind))
        .ok_or_else(no_file)
}

/// The files that a message carries, each with its place.
pub(super) fn carriers(
    message: &Message,
    conversation: ConversationId,
    number: i64,
) -> impl Iterator<Item = Carrier> + use<> {
    files(message).into_iter().map(move |file| Carrier {
        file,
        conversation,
        number,
    })
}

/// The files that a message carries.
pub(super) fn files(message: &Message) -> Vec<FileId> {
    let card = message.card.as_ref().and_then(|card| card.link.as_ref());
    let ids = [
        message.picture.as_ref().map(|picture| &picture.file_id),
        message.file.as_ref().map(|file| &file.file_id),
        message.voice.as_ref().map(|voice| &voice.file_id),
        card.map(|link| &link.picture),
    ];
    ids.into_iter()
        .flatten()
        .filter_map(|id| id.parse().ok())
        .collect()
}
