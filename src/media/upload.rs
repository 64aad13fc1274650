//! Take a file: its type is read from its bytes, a picture is made harmless and small, and the whole is on the disk
//! before its id is known.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use uuid::Uuid;

use super::{
    File,
    name::FileName,
    picture::{Picture, PictureFault},
    queries,
    shelf::{Form, ShelfFault, ShelfKey},
    sniff::{HEAD_LEN, Kind, SniffFault},
};
use crate::{
    actor::Actor,
    app::App,
    error::{Error, Refusal, Result, refused_argument},
    id::FileId,
};

/// Bytes of a picture: it is decoded in memory.
const PICTURE_BYTES: u64 = 20 * 1_024 * 1_024;

/// Takes an upload of this name. Refuses with `file_type_refused` what is not on the list of types or not what its name
/// says, `file_too_large`, `quota_exceeded`, and `invalid_argument` what is empty or damaged; nothing is kept then.
pub async fn upload<S>(app: &App, actor: &Actor, name: &str, body: S) -> Result<File>
where
    S: Stream<Item = Result<Bytes, axum::Error>> + Send + Unpin,
{
    let (head, rest) = head_of(body).await?;
    let kind = Kind::sniff(&head, name).map_err(refused_type)?;
    let body = stream::iter([Ok(head)]).chain(rest);
    let name = FileName::clean(name);
    let (file, stored) = if kind.is_picture() {
        keep_picture(app, actor, &name, kind, body).await?
    } else {
        keep_file(app, actor, &name, kind, body).await?
    };
    match register(app, actor, &file).await {
        Ok(()) => Ok(file),
        Err(error) => {
            for key in stored {
                let _ = app.media.shelf.delete(&key).await;
            }
            Err(error)
        }
    }
}

/// The first bytes, as many as the sniffer wants to see.
async fn head_of<S>(mut body: S) -> Result<(Bytes, S)>
where
    S: Stream<Item = Result<Bytes, axum::Error>> + Unpin,
{
    let mut head = BytesMut::new();
    while head.len() < HEAD_LEN {
        match body.next().await {
            Some(part) => head.extend_from_slice(&part.map_err(broken_off)?),
            None => break,
        }
    }
    Ok((head.freeze(), body))
}

async fn keep_picture(
    app: &App,
    actor: &Actor,
    name: &FileName,
    kind: Kind,
    body: impl Stream<Item = Result<Bytes, axum::Error>> + Send,
) -> Result<(File, Vec<ShelfKey>)> {
    let bytes = gather(body, PICTURE_BYTES.min(app.config.limits.file_bytes)).await?;
    let picture = prepare(app, bytes, kind).await?;
    let (id, thumbnail) = (FileId::new(), FileId::new());
    let keys = vec![key(actor, id), key(actor, thumbnail)];
    let file = File {
        id,
        owner: actor.user,
        kind: "picture".to_owned(),
        name: name.renamed_for(picture.full.kind).as_str().to_owned(),
        media_type: picture.full.kind.mime().to_owned(),
        size: length(picture.full.bytes.len()),
        width: i32::try_from(picture.full.width).ok(),
        height: i32::try_from(picture.full.height).ok(),
        thumbnail: Some(thumbnail),
    };
    app.media
        .shelf
        .put(&keys[0], picture.full.bytes.into())
        .await
        .map_err(refused_bytes)?;
    app.media
        .shelf
        .put(&keys[1], picture.thumbnail.bytes.into())
        .await
        .map_err(refused_bytes)?;
    Ok((file, keys))
}

async fn keep_file(
    app: &App,
    actor: &Actor,
    name: &FileName,
    kind: Kind,
    body: impl Stream<Item = Result<Bytes, axum::Error>> + Send,
) -> Result<(File, Vec<ShelfKey>)> {
    let id = FileId::new();
    let key = key(actor, id);
    let size = app
        .media
        .shelf
        .put_stream(&key, body, app.config.limits.file_bytes)
        .await
        .map_err(refused_bytes)?;
    let file = File {
        id,
        owner: actor.user,
        kind: if kind.mime().starts_with("audio/") {
            "voice"
        } else {
            "file"
        }
        .to_owned(),
        name: name.as_str().to_owned(),
        media_type: kind.mime().to_owned(),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        width: None,
        height: None,
        thumbnail: None,
    };
    Ok((file, vec![key]))
}

async fn register(app: &App, actor: &Actor, file: &File) -> Result<()> {
    let mut tx = app.store.begin_people().await?;
    let most = i64::try_from(app.config.limits.file_bytes_per_user).unwrap_or(i64::MAX);
    if !queries::take_room(&mut tx, actor.user, file.size, most).await? {
        return Err(Refusal::QuotaExceeded.into());
    }
    queries::add(&mut tx, file, actor.home, app.clock.now()).await?;
    tx.commit().await
}

/// Decoding takes a processor for a while: off the sockets' threads, and one or two at a time.
async fn prepare(app: &App, bytes: Bytes, kind: Kind) -> Result<Picture> {
    let place = Arc::clone(&app.media.easels)
        .acquire_owned()
        .await
        .map_err(anyhow::Error::from)?;
    let prepared = tokio::task::spawn_blocking(move || {
        let prepared = Picture::prepare(&bytes, kind);
        drop(place);
        prepared
    });
    prepared
        .await
        .map_err(anyhow::Error::from)?
        .map_err(|fault| match fault {
            PictureFault::TooLarge => Refusal::FileTooLarge.into(),
            PictureFault::Damaged(_) | PictureFault::NotAPicture => {
                refused_argument("file", "is damaged")
            }
            PictureFault::Encoding(_) => Error::Broken(fault.into()),
        })
}

async fn gather(
    body: impl Stream<Item = Result<Bytes, axum::Error>> + Send,
    most: u64,
) -> Result<Bytes> {
    let gathered = body
        .map_err(broken_off)
        .try_fold(BytesMut::new(), async |mut all, part| {
            all.extend_from_slice(&part);
            if all.len() as u64 > most {
                Err(Refusal::FileTooLarge.into())
            } else {
                Ok(all)
            }
        });
    Ok(gathered.await?.freeze())
}

/// Under the shop's folder, or the owner's own for people who belong to no shop.
pub(super) fn key(actor: &Actor, file: FileId) -> ShelfKey {
    place(actor.home.map_or(actor.user.0, |shop| shop.0), file)
}

pub(super) fn place(home: Uuid, file: FileId) -> ShelfKey {
    ShelfKey::new(home, file.0, Form::Full)
}

fn length(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn broken_off(_: axum::Error) -> Error {
    refused_argument("file", "broke off")
}

fn refused_type(fault: SniffFault) -> Error {
    match fault {
        SniffFault::Empty => refused_argument("file", "is empty"),
        SniffFault::NotAccepted | SniffFault::NameDisagrees => Refusal::FileTypeRefused.into(),
    }
}

fn refused_bytes(fault: ShelfFault) -> Error {
    match fault {
        ShelfFault::TooLong { .. } => Refusal::FileTooLarge.into(),
        ShelfFault::BrokenOff(_) => refused_argument("file", "broke off"),
        fault => Error::Broken(fault.into()),
    }
}
