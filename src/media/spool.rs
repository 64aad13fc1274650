//! A picture on its way to be prepared: on the disk, so that those who wait for an easel hold no memory.

use std::{
    fs::File as DiskFile,
    io::{Read as _, Seek as _},
    path::Path,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::{fs::File, io::AsyncWriteExt as _};

use super::shelf::ShelfFault;

/// A file without a name: it is gone with this, and with the server.
#[derive(Debug)]
pub(super) struct Spooled(DiskFile);

impl Spooled {
    /// Puts at most `limit` bytes into `folder`.
    pub(super) async fn gather(
        folder: &Path,
        body: impl Stream<Item = Result<Bytes, axum::Error>> + Send,
        limit: u64,
    ) -> Result<Self, ShelfFault> {
        let mut file = File::from_std(tempfile::tempfile_in(folder)?);
        let (mut body, mut length) = (std::pin::pin!(body), 0);
        while let Some(part) = body.next().await {
            let part = part.map_err(|error| ShelfFault::BrokenOff(error.into()))?;
            length += part.len() as u64;
            if length > limit {
                return Err(ShelfFault::TooLong { limit });
            }
            file.write_all(&part).await?;
        }
        file.flush().await?;
        Ok(Self(file.into_std().await))
    }

    /// All of it, in memory. Blocks.
    pub(super) fn read(mut self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.0.rewind()?;
        self.0.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
