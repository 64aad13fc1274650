//! Fetch a file: only who sent it, who takes part in a conversation that carries it, and, if somebody has it as their avatar,
//! whoever has to do with them.

use uuid::Uuid;

use super::{
    File, queries,
    shelf::{Fetched, GetRange, ShelfFault},
    upload::place,
};
use crate::{
    actor::Actor,
    app::App,
    conversation::{self, recent::acquaintances},
    error::{Error, Refusal, Result, refused_argument},
    id::FileId,
};

/// A file or its thumbnail, whole or a range of it. Refuses with `not_found` who may not have it, as for a file that
/// does not exist, and with `invalid_argument` a range outside of it.
pub async fn fetch(
    app: &App,
    actor: &Actor,
    id: FileId,
    range: Option<GetRange>,
) -> Result<(File, Fetched)> {
    let (file, home) = queries::file_and_home(app.store.pool(), id)
        .await?
        .ok_or(Refusal::NotFound)?;
    if file.owner != actor.user && !was_shown(app, actor, &file).await? {
        return Err(Refusal::NotFound.into());
    }
    let home: Uuid = home.map_or(file.owner.0, |shop| shop.0);
    match app.media.shelf.fetch(&place(home, id), range).await {
        Ok(fetched) => Ok((file, fetched)),
        Err(ShelfFault::Missing) => Err(Refusal::NotFound.into()),
        Err(ShelfFault::Range) => Err(refused_argument("range", "is outside of the file")),
        Err(fault) => Err(Error::Broken(fault.into())),
    }
}

/// Has somebody shown it to them: in a conversation, or as their face?
async fn was_shown(app: &App, actor: &Actor, file: &File) -> Result<bool> {
    let conversations = queries::granted(app.store.pool(), file.id).await?;
    if conversation::takes_part_in_any(app, actor, &conversations).await? {
        return Ok(true);
    }
    if !queries::is_avatar(app.store.pool(), file).await? {
        return Ok(false);
    }
    let known = acquaintances(app, actor.user, &[file.owner]).await?;
    Ok(!known.is_empty())
}
