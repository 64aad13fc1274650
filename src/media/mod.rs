//! Pictures, voice and files that people send.
//!
//! An upload takes a place and passes three stations: [`sniff`] says what the bytes are (and [`name`] cleans what
//! they were called), [`picture`] makes pictures harmless and small, [`shelf`] keeps the bytes. Who may [`fetch`] them is not
//! decided here: files know no conversation but its id. Nothing a client sends ever becomes a path.

pub mod exhibit;
pub mod fetch;
mod gif;
pub mod name;
pub mod picture;
mod queries;
pub mod shelf;
pub mod sniff;
mod spool;
pub mod upload;

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use sqlx::{PgConnection, PgExecutor};
use tokio::sync::Semaphore;

use self::shelf::{S3Settings, Shelf, ShelfSettings};
use crate::{
    actor::Actor,
    config::Config,
    error::Result,
    id::{ConversationId, FileId, UserId},
    places::Places,
    store::Tx,
};

/// What is known of an uploaded file.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name for ever.
    pub id: FileId,
    /// Who sent it.
    pub owner: UserId,
    /// `picture`, `voice` (any sound) or `file`, by content.
    pub kind: String,
    /// As people may see it.
    pub name: String,
    /// By content.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// Pixels, for pictures.
    pub width: Option<i32>,
    /// Pixels, for pictures.
    pub height: Option<i32>,
    /// The small picture, for pictures.
    pub thumbnail: Option<FileId>,
}

/// Where files are kept and pictures are prepared. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Media {
    shelf: Shelf,
    /// Uploads that may be under way; those of one user are counted before (`App::uploads`).
    uploads: Arc<Semaphore>,
    /// Those of one shop's people, or of one address.
    shares: Arc<Places<upload::Side>>,
    /// Folder for pictures that wait for an easel.
    spool: Arc<Path>,
    /// Pictures that may be decoded at once.
    easels: Arc<Semaphore>,
}

impl Media {
    /// Opens the shelf of the settings, and a folder for what is on its way there.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let shelf = Shelf::open(&settings(config)).context("cannot open the shelf for files")?;
        let spool = Path::new(&config.server.data).join("uploads");
        std::fs::create_dir_all(&spool).context("cannot make the folder for uploads")?;
        Ok(Self {
            shelf,
            uploads: Arc::new(Semaphore::new(config.limits.uploads_at_once)),
            shares: Places::new(config.limits.uploads_at_once / 4),
            spool: spool.into(),
            easels: Arc::new(Semaphore::new(2)),
        })
    }
}

fn settings(config: &Config) -> ShelfSettings {
    let files = &config.files;
    match files.store.strip_prefix("s3://") {
        None => ShelfSettings::Folder(Path::new(&config.server.data).join("files")),
        Some(bucket) => ShelfSettings::S3(S3Settings {
            bucket: bucket.to_owned(),
            region: files.s3_region.clone(),
            endpoint: Some(files.s3_endpoint.clone()).filter(|endpoint| !endpoint.is_empty()),
            access_key: files.s3_access_key.clone(),
            secret_key: files.s3_secret_key.clone(),
            virtual_hosted: files.s3_virtual_hosted,
            allow_http: config.development(),
        }),
    }
}

/// A message that carries a file: whoever takes part in its conversation may fetch that.
#[derive(Clone, Copy, Debug)]
pub struct Carrier {
    /// What.
    pub file: FileId,
    /// Where.
    pub conversation: ConversationId,
    /// Which message.
    pub number: i64,
}

/// These messages carry these files from now on: in the transaction that writes the messages, under the conversations'
/// locks, so that a right never stands without its message.
pub async fn grant(sql: &mut PgConnection, carriers: &[Carrier]) -> sqlx::Result<()> {
    if carriers.is_empty() {
        return Ok(());
    }
    queries::grant(sql, carriers).await
}

/// A message carries nothing any more. What no other message there carries may no longer be fetched by its participants.
pub async fn withdraw(tx: &mut Tx, conversation: ConversationId, number: i64) -> Result<()> {
    Ok(queries::withdraw(tx, conversation, number).await?)
}

/// Are all of these pictures that `by` uploaded?
pub async fn all_owned(tx: &mut Tx, by: UserId, pictures: &[FileId]) -> Result<bool> {
    Ok(queries::all_owned(tx.sql(), by, pictures).await?)
}

/// A file of the actor's own; nothing if it is somebody else's or does not exist.
pub async fn owned(sql: impl PgExecutor<'_>, actor: &Actor, id: FileId) -> Result<Option<File>> {
    let found = queries::file_and_home(sql, id).await?;
    Ok(found
        .map(|(file, _)| file)
        .filter(|file| file.owner == actor.user && file.id == id))
}
