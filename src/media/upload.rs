//! Take a file: it gets a place before a byte of it is read, its type is read from its bytes, a picture is made harmless and
//! small, and the whole is on the disk before its id is known.

use std::{net::IpAddr, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::{sync::OwnedSemaphorePermit, time::timeout};
use uuid::Uuid;

use super::{
    File,
    name::FileName,
    picture::{Picture, PictureFault},
    queries,
    shelf::{Form, ShelfFault, ShelfKey},
    sniff::{HEAD_LEN, Kind, SniffFault},
    spool::Spooled,
};
use crate::{
    actor::Actor,
    app::App,
    error::{Error, Refusal, Result, refused_argument, refused_until},
    id::{FileId, ShopId},
    pace::neighbourhood,
    places::{PATIENCE, Place},
};

/// Bytes of a picture: it is decoded in memory.
const PICTURE_BYTES: u64 = 20 * 1_024 * 1_024;
/// What a request may be longer than its file: a form's boundaries and the file's name.
const FORM_BYTES: u64 = 4 * 1_024;
/// When it is worth coming again to find a place.
const LATER: Duration = Duration::from_secs(1);

/// An upload that has its place.
#[derive(Debug)]
pub struct Upload {
    /// What its owner has room for, in bytes.
    room: u64,
    _share: Option<Place<Side>>,
    _place: OwnedSemaphorePermit,
}

/// Those who have a quarter of a node's places together: more accounts are no more places.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// A shop's own customers and bots: it makes as many of them as it likes.
    Shop(ShopId),
    /// Everybody else, by their address's neighbourhood.
    Address(IpAddr),
}

impl Side {
    /// Whose share an upload takes, if its address is not exempt.
    fn of(app: &App, actor: &Actor, from: IpAddr) -> Option<Self> {
        match actor.home {
            Some(shop) => Some(Self::Shop(shop)),
            None if app.config.exempts(from) => None,
            None => Some(Self::Address(neighbourhood(from))),
        }
    }
}

/// Gives an upload its place, before anything of it is read. `declared` is the length of its request, where it has one.
///
/// Refuses with `overloaded` whoever finds no place within some seconds, with `file_too_large` and `quota_exceeded` what cannot be taken for its
/// length.
pub async fn begin(
    app: &App,
    actor: &Actor,
    from: IpAddr,
    declared: Option<u64>,
) -> Result<Upload> {
    let share = match Side::of(app, actor, from) {
        Some(side) => Some(app.media.shares.take(side).await?),
        None => None,
    };
    let place = timeout(PATIENCE, Arc::clone(&app.media.uploads).acquire_owned()).await;
    let Ok(Ok(place)) = place else {
        return Err(refused_until(Refusal::Overloaded, LATER));
    };
    let limits = &app.config.limits;
    let length = declared.unwrap_or_default().saturating_sub(FORM_BYTES);
    if length > limits.file_bytes {
        return Err(Refusal::FileTooLarge.into());
    }
    let used = queries::used(app.store.pool(), actor.user).await?;
    let room = limits.file_bytes_per_user.saturating_sub(used);
    if room < length.max(1) {
        return Err(Refusal::QuotaExceeded.into());
    }
    Ok(Upload {
        room,
        _share: share,
        _place: place,
    })
}

impl Upload {
    /// Takes a file of this name. Refuses with `file_type_refused` what is not on the list of types or not what its name
    /// says, `file_too_large`, `quota_exceeded`, and `invalid_argument` what is empty or damaged; nothing is kept then.
    pub async fn take<S>(self, app: &App, actor: &Actor, name: &str, body: S) -> Result<File>
    where
        S: Stream<Item = Result<Bytes, axum::Error>> + Send + Unpin,
    {
        let (head, rest) = head_of(body).await?;
        let kind = Kind::sniff(&head, name).map_err(refused_type)?;
        let body = stream::iter([Ok(head)]).chain(rest);
        let taking = Taking {
            app,
            actor,
            name: FileName::clean(name),
            kind,
            cap: self.cap(app, kind),
        };
        if kind.is_picture() {
            taking.picture(body).await
        } else {
            taking.file(body).await
        }
    }

    /// The bytes that are read at most, and what is said of one more.
    fn cap(&self, app: &App, kind: Kind) -> (u64, Refusal) {
        let most = if kind.is_picture() {
            PICTURE_BYTES
        } else {
            u64::MAX
        };
        let most = most.min(app.config.limits.file_bytes);
        if self.room < most {
            (self.room, Refusal::QuotaExceeded)
        } else {
            (most, Refusal::FileTooLarge)
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

/// A file on its way to the shelf.
struct Taking<'a> {
    app: &'a App,
    actor: &'a Actor,
    name: FileName,
    kind: Kind,
    cap: (u64, Refusal),
}

impl Taking<'_> {
    /// Waits for an easel with the bytes on the disk.
    async fn picture(
        &self,
        body: impl Stream<Item = Result<Bytes, axum::Error>> + Send,
    ) -> Result<File> {
        let spooled = Spooled::gather(&self.app.media.spool, body, self.cap.0).await;
        let spooled = spooled.map_err(|fault| self.refused(fault))?;
        let Picture { full, thumbnail } = prepare(self.app, spooled, self.kind).await?;
        let small = FileId::new();
        let file = File {
            kind: "picture".to_owned(),
            name: self.name.renamed_for(full.kind).as_str().to_owned(),
            media_type: full.kind.mime().to_owned(),
            size: length(full.bytes.len() as u64),
            width: i32::try_from(full.width).ok(),
            height: i32::try_from(full.height).ok(),
            thumbnail: Some(small),
            ..self.plain("picture")
        };
        let keys = [key(self.actor, file.id), key(self.actor, small)];
        let put = async |key, bytes: Vec<u8>| {
            let put = self.app.media.shelf.put(key, bytes.into()).await;
            put.map_err(|fault| self.refused(fault))
        };
        let kept = async {
            put(&keys[0], full.bytes).await?;
            put(&keys[1], thumbnail.bytes).await?;
            register(self.app, self.actor, &file).await
        };
        self.or_nothing(&keys, kept).await?;
        Ok(file)
    }

    async fn file(
        &self,
        body: impl Stream<Item = Result<Bytes, axum::Error>> + Send,
    ) -> Result<File> {
        let sound = self.kind.mime().starts_with("audio/");
        let mut file = self.plain(if sound { "voice" } else { "file" });
        let keys = [key(self.actor, file.id)];
        let kept = async {
            let put = self.app.media.shelf.put_stream(&keys[0], body, self.cap.0);
            file.size = length(put.await.map_err(|fault| self.refused(fault))?);
            register(self.app, self.actor, &file).await
        };
        self.or_nothing(&keys, kept).await?;
        Ok(file)
    }

    /// What is known before it has come.
    fn plain(&self, kind: &str) -> File {
        File {
            id: FileId::new(),
            owner: self.actor.user,
            kind: kind.to_owned(),
            name: self.name.as_str().to_owned(),
            media_type: self.kind.mime().to_owned(),
            size: 0,
            width: None,
            height: None,
            thumbnail: None,
        }
    }

    /// What was put on the shelf is taken off it again unless all of `kept` is done.
    async fn or_nothing(
        &self,
        keys: &[ShelfKey],
        kept: impl Future<Output = Result<()>>,
    ) -> Result<()> {
        let kept = kept.await;
        if kept.is_err() {
            for key in keys {
                if let Err(error) = self.app.media.shelf.delete(key).await {
                    tracing::warn!(?key, %error, "a file that nobody knows stays on the shelf");
                }
            }
        }
        kept
    }

    fn refused(&self, fault: ShelfFault) -> Error {
        match fault {
            ShelfFault::TooLong { .. } => self.cap.1.into(),
            ShelfFault::BrokenOff(_) => refused_argument("file", "broke off"),
            fault => Error::Broken(fault.into()),
        }
    }
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

/// Decoding takes a processor and memory for a while: off the sockets' threads, and one or two at a time.
async fn prepare(app: &App, spooled: Spooled, kind: Kind) -> Result<Picture> {
    let easel = Arc::clone(&app.media.easels)
        .acquire_owned()
        .await
        .map_err(anyhow::Error::from)?;
    let prepared = tokio::task::spawn_blocking(move || {
        let prepared = spooled.read().map(|bytes| Picture::prepare(&bytes, kind));
        drop(easel);
        prepared
    });
    let prepared = prepared.await.map_err(anyhow::Error::from)?;
    prepared
        .map_err(anyhow::Error::from)?
        .map_err(|fault| match fault {
            PictureFault::TooLarge => Refusal::FileTooLarge.into(),
            PictureFault::Damaged(_) | PictureFault::NotAPicture => {
                refused_argument("file", "is damaged")
            }
            PictureFault::Encoding(_) => Error::Broken(fault.into()),
        })
}

/// Under the shop's folder, or the owner's own for people who belong to no shop.
pub(super) fn key(actor: &Actor, file: FileId) -> ShelfKey {
    key_at(actor.home.map_or(actor.user.0, |shop| shop.0), file)
}

pub(super) fn key_at(home: Uuid, file: FileId) -> ShelfKey {
    ShelfKey::new(home, file.0, Form::Full)
}

fn length(bytes: u64) -> i64 {
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
