//! Pictures, voice and files that people send.
//!
//! An upload passes three stations: [`sniff`] says what the bytes are (and [`name`] cleans what they were called),
//! [`picture`] makes pictures harmless and small, [`shelf`] keeps the bytes. [`fetch`] gives them to participants only;
//! nothing a client sends ever becomes a path.

pub mod fetch;
mod gif;
pub mod name;
pub mod picture;
mod queries;
pub mod shelf;
pub mod sniff;
pub mod upload;

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use sqlx::PgConnection;
use tokio::sync::Semaphore;

use self::shelf::{S3Settings, Shelf, ShelfSettings};
use crate::{
    actor::Actor,
    app::App,
    config::Config,
    error::Result,
    id::{ConversationId, FileId, UserId},
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
    /// Pictures that may be decoded at once.
    easels: Arc<Semaphore>,
}

impl Media {
    /// Opens the shelf of the settings.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let shelf = Shelf::open(&settings(config)).context("cannot open the shelf for files")?;
        Ok(Self {
            shelf,
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

/// The participants of these conversations may fetch these files from now on: in the transaction that writes the messages
/// which carry them, under the conversations' locks, so that a right never stands without its message.
pub async fn grant(
    sql: &mut PgConnection,
    carried: &[(FileId, ConversationId)],
) -> sqlx::Result<()> {
    if carried.is_empty() {
        return Ok(());
    }
    queries::grant(sql, carried).await
}

/// A file of the actor's own; nothing if it is somebody else's or does not exist.
pub async fn owned(app: &App, actor: &Actor, id: FileId) -> Result<Option<File>> {
    let found = queries::file_and_home(app.store.pool(), id).await?;
    Ok(found
        .map(|(file, _)| file)
        .filter(|file| file.owner == actor.user && file.id == id))
}

/// The participants of a conversation may no longer fetch these files: the last message that carried them was recalled.
pub async fn withdraw(tx: &mut Tx, files: &[FileId], conversation: ConversationId) -> Result<()> {
    Ok(queries::withdraw(tx, files, conversation).await?)
}
