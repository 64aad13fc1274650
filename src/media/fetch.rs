//! Fetch what was kept. Whether somebody may is said where it was shown, in `conversation/fetch.rs`.

use super::{
    File, queries,
    shelf::{Fetched, GetRange, ShelfFault, ShelfKey},
    upload::key_at,
};
use crate::{
    app::App,
    error::{Error, Refusal, Result, refused_argument},
    id::{ConversationId, FileId},
};

/// A file, and where the bytes asked for lie: its own, or its thumbnail's.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The file.
    pub file: File,
    key: ShelfKey,
}

/// A file by its own id or by its thumbnail's. Refuses with `not_found` what does not exist.
pub async fn kept(app: &App, id: FileId) -> Result<Kept> {
    let found = queries::file_and_home(app.store.pool(), id).await?;
    let (file, home) = found.ok_or(Refusal::NotFound)?;
    let key = key_at(home.map_or(file.owner.0, |shop| shop.0), id);
    Ok(Kept { file, key })
}

impl Kept {
    /// The bytes, all or a range of them. Refuses with `invalid_argument` a range outside of the file.
    pub async fn bytes(&self, app: &App, range: Option<GetRange>) -> Result<Fetched> {
        match app.media.shelf.fetch(&self.key, range).await {
            Ok(fetched) => Ok(fetched),
            Err(ShelfFault::Missing) => Err(Refusal::NotFound.into()),
            Err(ShelfFault::Range) => Err(refused_argument("range", "is outside of the file")),
            Err(fault) => Err(Error::Broken(fault.into())),
        }
    }

    /// The conversations in which a message carries the file.
    pub async fn carried_in(&self, app: &App) -> Result<Vec<ConversationId>> {
        Ok(queries::carried_in(app.store.pool(), self.file.id).await?)
    }

    /// Does it hang in a shop's window?
    pub async fn is_exhibited(&self, app: &App) -> Result<bool> {
        Ok(queries::is_exhibited(app.store.pool(), self.file.id).await?)
    }

    /// Is it its owner's avatar now?
    pub async fn is_worn(&self, app: &App) -> Result<bool> {
        Ok(queries::is_avatar(app.store.pool(), &self.file).await?)
    }
}
