//! Where uploaded bytes are kept: a local folder, or an S3-compatible service.
//!
//! A key is made of a shop's id and a file's id, never of text that a client sent. On a local folder a
//! file appears under its key whole and flushed to the disk, or not at all; a service of the S3 kind
//! promises the same. Keys are written once: a new picture gets a new id.

use std::{fmt, ops::Range, path::PathBuf, sync::Arc};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
pub use object_store::GetRange;
use object_store::{
    Error as StoreError, GetOptions, ObjectStore, ObjectStoreExt,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    buffered::BufWriter,
    local::LocalFileSystem,
    path::Path,
};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

/// An upload of up to this size is held in memory and written at once; a longer one goes in parts of this size.
const PART: usize = 8 << 20;

/// Where the shelf stands.
#[derive(Clone)]
pub enum ShelfSettings {
    /// A folder of this machine; it is made if it is not there. For one node.
    Folder(PathBuf),
    /// A bucket of an S3-compatible service. For many nodes.
    S3(S3Settings),
}

/// How to reach a bucket. `Debug` does not print the secret.
#[derive(Clone)]
pub struct S3Settings {
    /// The bucket's name.
    pub bucket: String,
    /// The service's region; many compatible services take `auto` or `us-east-1`.
    pub region: String,
    /// The service's address; none for the original.
    pub endpoint: Option<String>,
    /// The access key's id.
    pub access_key: String,
    /// The access key's secret.
    pub secret_key: String,
    /// `bucket.endpoint/key` instead of `endpoint/bucket/key`, as OSS and COS want it.
    pub virtual_hosted: bool,
    /// Allows `http` endpoints: for development only.
    pub allow_http: bool,
}

/// Which of a file's stored forms is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// The file itself.
    Full,
    /// Its small picture.
    Thumbnail,
}

/// The place of one stored object: the shop's folder, the file's id, its form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ShelfKey(Path);

impl ShelfKey {
    /// `shops/<shop>/<two hex digits>/<file>`, with `.thumbnail` behind a thumbnail's.
    ///
    /// The two digits are the id's last ones: ids begin with the time, so their first ones would put a
    /// day's files into one folder.
    pub fn new(shop: Uuid, file: Uuid, form: Form) -> Self {
        let (shop, file) = (shop.simple(), file.simple().to_string());
        let suffix = if form == Form::Thumbnail {
            ".thumbnail"
        } else {
            ""
        };
        Self(Path::from(format!(
            "shops/{shop}/{}/{file}{suffix}",
            &file[30..]
        )))
    }
}

impl fmt::Debug for ShelfKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShelfKey({})", self.0)
    }
}

/// Why the shelf did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ShelfFault {
    /// Nothing is stored under the key.
    #[error("no such file")]
    Missing,
    /// The asked range begins behind the end of the file, or is empty.
    #[error("no such range")]
    Range,
    /// The upload is longer than its limit; nothing was stored.
    #[error("the file is longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// The upload broke off; nothing was stored.
    #[error("the upload broke off")]
    BrokenOff(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The folder or the service failed.
    #[error("the file store failed")]
    Broken(#[from] StoreError),
    /// The disk failed.
    #[error("the file store failed")]
    Disk(#[from] std::io::Error),
}

/// A stored file on its way out.
pub struct Fetched {
    /// The whole file's length in bytes.
    pub len: u64,
    /// The range of it that follows; the whole of it if none was asked for.
    pub range: Range<u64>,
    /// The bytes of that range.
    pub body: BoxStream<'static, Result<Bytes, ShelfFault>>,
}

/// The shelf. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shelf {
    store: Arc<dyn ObjectStore>,
}

impl Shelf {
    /// Opens the shelf; a folder is made if need be, a service is not called yet.
    pub fn open(settings: &ShelfSettings) -> Result<Self, ShelfFault> {
        let store: Arc<dyn ObjectStore> = match settings {
            ShelfSettings::Folder(folder) => {
                std::fs::create_dir_all(folder)?;
                Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true))
            }
            ShelfSettings::S3(settings) => Arc::new(settings.connect()?),
        };
        Ok(Self { store })
    }

    /// Stores bytes that are at hand, such as a prepared picture.
    pub async fn put(&self, key: &ShelfKey, bytes: Bytes) -> Result<(), ShelfFault> {
        self.store.put(&key.0, bytes.into()).await?;
        Ok(())
    }

    /// Stores a stream of at most `limit` bytes and returns its length; holds 8 MiB of it at a time.
    ///
    /// A stream that fails, is too long or is given up stores nothing. (A service may keep the parts of a
    /// given-up upload until its own clean-up rule comes round.)
    pub async fn put_stream<E>(
        &self,
        key: &ShelfKey,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
        limit: u64,
    ) -> Result<u64, ShelfFault>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut writer = BufWriter::with_capacity(Arc::clone(&self.store), key.0.clone(), PART)
            .with_max_concurrency(1);
        match write(&mut writer, body, limit).await {
            Ok(len) => {
                writer.shutdown().await?;
                Ok(len)
            }
            Err(fault) => {
                // The fault is what matters; parts that stay behind are the clean-up rule's.
                let _ = writer.abort().await;
                Err(fault)
            }
        }
    }

    /// Fetches a file, or the range of it that was asked for, cut at its end.
    pub async fn fetch(
        &self,
        key: &ShelfKey,
        range: Option<GetRange>,
    ) -> Result<Fetched, ShelfFault> {
        let options = GetOptions {
            range: range.clone(),
            ..GetOptions::default()
        };
        let found = match self.store.get_opts(&key.0, options).await {
            Ok(found) => found,
            Err(StoreError::NotFound { .. }) => return Err(ShelfFault::Missing),
            // A store says no more than "failed" about a range behind the end: look before blaming it.
            Err(failed) => return Err(self.range_fault(key, range, failed).await),
        };
        // A folder answers "the last 0 bytes" with nothing instead of a refusal.
        if range.is_some_and(|range| is_outside(&range, found.meta.size)) {
            return Err(ShelfFault::Range);
        }
        let (len, range) = (found.meta.size, found.range.clone());
        Ok(Fetched {
            len,
            range,
            body: found.into_stream().map_err(ShelfFault::from).boxed(),
        })
    }

    async fn range_fault(
        &self,
        key: &ShelfKey,
        range: Option<GetRange>,
        failed: StoreError,
    ) -> ShelfFault {
        let Some(range) = range else {
            return failed.into();
        };
        match self.store.head(&key.0).await {
            Ok(meta) if is_outside(&range, meta.size) => ShelfFault::Range,
            Ok(_) => failed.into(),
            Err(StoreError::NotFound { .. }) => ShelfFault::Missing,
            Err(failed) => failed.into(),
        }
    }

    /// Deletes a file; one that is not there is deleted already.
    pub async fn delete(&self, key: &ShelfKey) -> Result<(), ShelfFault> {
        match self.store.delete(&key.0).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(failed) => Err(failed.into()),
        }
    }
}

fn is_outside(range: &GetRange, len: u64) -> bool {
    match range {
        GetRange::Bounded(range) => range.start >= len || range.is_empty(),
        GetRange::Offset(start) => *start >= len,
        GetRange::Suffix(count) => *count == 0 || len == 0,
    }
}

async fn write<E>(
    writer: &mut BufWriter,
    body: impl Stream<Item = Result<Bytes, E>> + Send,
    limit: u64,
) -> Result<u64, ShelfFault>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut body = std::pin::pin!(body);
    let mut len = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| ShelfFault::BrokenOff(error.into()))?;
        len += chunk.len() as u64;
        if len > limit {
            return Err(ShelfFault::TooLong { limit });
        }
        writer.put(chunk).await?;
    }
    Ok(len)
}

impl S3Settings {
    fn connect(&self) -> Result<impl ObjectStore, StoreError> {
        crate::tls::install_provider();
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_access_key_id(&self.access_key)
            .with_secret_access_key(&self.secret_key)
            .with_virtual_hosted_style_request(self.virtual_hosted)
            .with_allow_http(self.allow_http);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_config(AmazonS3ConfigKey::Endpoint, endpoint);
        }
        builder.build()
    }
}

impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("bucket", &self.bucket)
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ShelfSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "Folder({})", folder.display()),
            Self::S3(settings) => settings.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
