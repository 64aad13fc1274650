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
mod tests {
    use std::{io, path::Path as DiskPath};

    use futures_util::stream;
    use tempfile::TempDir;
    use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

    use super::*;

    fn folder() -> (TempDir, Shelf) {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(&ShelfSettings::Folder(folder.path().join("made/by/us"))).unwrap();
        (folder, shelf)
    }

    fn key(shop: u128) -> ShelfKey {
        ShelfKey::new(Uuid::from_u128(shop), Uuid::from_u128(0xabcd), Form::Full)
    }

    async fn read(fetched: Fetched) -> Vec<u8> {
        fetched
            .body
            .try_collect::<Vec<Bytes>>()
            .await
            .unwrap()
            .concat()
    }

    async fn missing(shelf: &Shelf, key: &ShelfKey) -> bool {
        matches!(shelf.fetch(key, None).await, Err(ShelfFault::Missing))
    }

    /// Every file below a folder, unfinished ones included.
    fn files(folder: &DiskPath) -> usize {
        let entries = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        entries
            .map(|path| if path.is_dir() { files(&path) } else { 1 })
            .sum()
    }

    fn pieces(count: usize, size: usize) -> impl Stream<Item = Result<Bytes, io::Error>> + Send {
        stream::iter(
            (0..count).map(move |n| Ok(Bytes::from(vec![u8::try_from(n % 251).unwrap(); size]))),
        )
    }

    #[tokio::test]
    async fn what_was_put_is_fetched_until_it_is_deleted() {
        let (_folder, shelf) = folder();
        shelf
            .put(&key(1), Bytes::from_static(b"hello"))
            .await
            .unwrap();
        let fetched = shelf.fetch(&key(1), None).await.unwrap();
        assert_eq!((fetched.len, fetched.range.clone()), (5, 0..5));
        assert_eq!(read(fetched).await, b"hello");
        assert!(
            missing(&shelf, &key(2)).await,
            "another shop's key is another place"
        );
        shelf.delete(&key(1)).await.unwrap();
        assert!(missing(&shelf, &key(1)).await);
        shelf.delete(&key(1)).await.unwrap();
    }

    #[tokio::test]
    async fn ranges_are_cut_at_the_end_and_refused_behind_it() {
        let (_folder, shelf) = folder();
        shelf
            .put(&key(1), Bytes::from_static(b"0123456789"))
            .await
            .unwrap();
        for (range, bytes, place) in [
            (GetRange::Bounded(2..5), "234", 2..5),
            (GetRange::Bounded(8..99), "89", 8..10),
            (GetRange::Offset(7), "789", 7..10),
            (GetRange::Suffix(3), "789", 7..10),
            (GetRange::Suffix(99), "0123456789", 0..10),
        ] {
            let fetched = shelf.fetch(&key(1), Some(range)).await.unwrap();
            assert_eq!((fetched.len, fetched.range.clone()), (10, place));
            assert_eq!(read(fetched).await, bytes.as_bytes());
        }
        for range in [
            GetRange::Bounded(10..11),
            GetRange::Bounded(3..3),
            GetRange::Offset(10),
            GetRange::Suffix(0),
        ] {
            let answer = shelf
                .fetch(&key(1), Some(range.clone()))
                .await
                .map(|fetched| fetched.range);
            assert!(
                matches!(answer, Err(ShelfFault::Range)),
                "{range:?}: {answer:?}"
            );
        }
        let nothing = shelf
            .fetch(&key(2), Some(GetRange::Offset(0)))
            .await
            .map(|fetched| fetched.range);
        assert!(matches!(nothing, Err(ShelfFault::Missing)));
    }

    #[tokio::test]
    async fn a_stream_in_parts_comes_back_as_it_went() {
        let (_folder, shelf) = folder();
        let (count, size) = (21, 1_000_003);
        let len = shelf
            .put_stream(&key(1), pieces(count, size), u64::MAX)
            .await
            .unwrap();
        assert_eq!(len, (count * size) as u64);
        let expected: Vec<Bytes> = pieces(count, size).try_collect().await.unwrap();
        assert!(read(shelf.fetch(&key(1), None).await.unwrap()).await == expected.concat());
    }

    #[tokio::test]
    async fn an_upload_that_is_too_long_or_breaks_off_leaves_nothing() {
        let (folder, shelf) = folder();
        for (count, size) in [(2, 100), (20, 1 << 20)] {
            let limit = (count * size) as u64 - 1;
            let fault = shelf
                .put_stream(&key(1), pieces(count, size), limit)
                .await
                .unwrap_err();
            assert!(matches!(fault, ShelfFault::TooLong { .. }), "{fault:?}");
            let broken = pieces(count, size)
                .chain(stream::once(async { Err(io::Error::other("line cut")) }));
            let fault = shelf
                .put_stream(&key(1), broken, u64::MAX)
                .await
                .unwrap_err();
            assert!(matches!(fault, ShelfFault::BrokenOff(_)), "{fault:?}");
            assert!(missing(&shelf, &key(1)).await);
            assert_eq!(files(folder.path()), 0, "no unfinished file stays");
        }
        let exact = shelf
            .put_stream(&key(1), pieces(2, 100), 200)
            .await
            .unwrap();
        assert_eq!(exact, 200);
    }

    #[tokio::test]
    async fn an_unfinished_upload_is_not_seen_and_a_given_up_one_is_gone() {
        let (folder, shelf) = folder();
        let stalled = pieces(20, 1 << 20).chain(stream::pending());
        let key = key(1);
        let mut upload = Box::pin(shelf.put_stream(&key, stalled, u64::MAX));
        while files(folder.path()) == 0 {
            assert!(futures_util::poll!(&mut upload).is_pending());
            tokio::task::yield_now().await;
        }
        assert!(missing(&shelf, &key).await);
        drop(upload);
        while files(folder.path()) > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn a_key_is_made_of_ids_alone() {
        let shop = Uuid::from_u128(7);
        let file = Uuid::from_u128(0xabcd);
        assert_eq!(
            format!("{:?}", ShelfKey::new(shop, file, Form::Thumbnail)),
            "ShelfKey(shops/00000000000000000000000000000007/cd/0000000000000000000000000000abcd.thumbnail)"
        );
        assert_ne!(
            ShelfKey::new(shop, file, Form::Full),
            ShelfKey::new(shop, file, Form::Thumbnail)
        );
    }

    fn bucket(endpoint: String) -> ShelfSettings {
        ShelfSettings::S3(S3Settings {
            bucket: "goods".into(),
            region: "us-east-1".into(),
            endpoint: Some(endpoint),
            access_key: "AK".into(),
            secret_key: "very secret".into(),
            virtual_hosted: false,
            allow_http: true,
        })
    }

    #[tokio::test]
    async fn a_bucket_is_asked_by_signed_requests_below_its_shop() {
        let server = MockServer::start().await;
        Mock::given(matchers::method("PUT"))
            .and(matchers::path_regex("^/goods/shops/0{31}1/cd/0{28}abcd$"))
            .and(matchers::header_exists("authorization"))
            .respond_with(ResponseTemplate::new(200).insert_header("etag", "\"1\""))
            .expect(1)
            .mount(&server)
            .await;
        Mock::given(matchers::method("GET"))
            .respond_with(ResponseTemplate::new(404))
            .expect(1)
            .mount(&server)
            .await;
        let shelf = Shelf::open(&bucket(server.uri())).unwrap();
        shelf
            .put(&key(1), Bytes::from_static(b"hello"))
            .await
            .unwrap();
        assert!(missing(&shelf, &key(1)).await);
    }

    #[tokio::test]
    async fn the_parts_of_a_broken_upload_are_taken_back_from_a_bucket() {
        let server = MockServer::start().await;
        let begun = "<InitiateMultipartUploadResult><Bucket>goods</Bucket><Key>k</Key>\
                     <UploadId>u1</UploadId></InitiateMultipartUploadResult>";
        for (verb, answer) in [
            ("POST", ResponseTemplate::new(200).set_body_string(begun)),
            (
                "PUT",
                ResponseTemplate::new(200).insert_header("etag", "\"1\""),
            ),
            ("DELETE", ResponseTemplate::new(204)),
        ] {
            Mock::given(matchers::method(verb))
                .respond_with(answer)
                .mount(&server)
                .await;
        }
        let shelf = Shelf::open(&bucket(server.uri())).unwrap();
        let broken =
            pieces(20, 1 << 20).chain(stream::once(async { Err(io::Error::other("line cut")) }));
        let fault = shelf
            .put_stream(&key(1), broken, u64::MAX)
            .await
            .unwrap_err();
        assert!(matches!(fault, ShelfFault::BrokenOff(_)), "{fault:?}");
        let requests = server.received_requests().await.unwrap();
        let last = requests.last().unwrap();
        assert_eq!(
            (last.method.as_str(), last.url.query()),
            ("DELETE", Some("uploadId=u1"))
        );
    }

    #[test]
    fn settings_never_show_their_secret() {
        let shown = format!("{:?}", bucket("http://127.0.0.1:1".into()));
        assert!(
            shown.contains("goods") && !shown.contains("very secret") && !shown.contains("AK"),
            "{shown}"
        );
    }
}
