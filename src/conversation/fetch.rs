//! Fetch a file: only who sent it, who takes part in a conversation that carries it, everybody if it hangs in a shop's window, and,
//! if somebody has it as their avatar, whoever has to do with them.

use super::{recent::acquaintances, takes_part_in_any};
use crate::{
    actor::Actor,
    app::App,
    error::{Refusal, Result},
    id::FileId,
    media::{
        File,
        fetch::{Kept, kept},
        shelf::{Fetched, GetRange},
    },
};

/// A file or its thumbnail, whole or a range of it. Refuses with `not_found` who may not have it, as for a file that
/// does not exist, and with `invalid_argument` a range outside of it.
pub async fn fetch(
    app: &App,
    actor: &Actor,
    id: FileId,
    range: Option<GetRange>,
) -> Result<(File, Fetched)> {
    let kept = kept(app, id).await?;
    if kept.file.owner != actor.user && !was_shown(app, actor, &kept).await? {
        return Err(Refusal::NotFound.into());
    }
    let fetched = kept.bytes(app, range).await?;
    Ok((kept.file, fetched))
}

/// Has somebody shown it to them: in a conversation, in a window, or as their face?
async fn was_shown(app: &App, actor: &Actor, kept: &Kept) -> Result<bool> {
    let conversations = kept.carried_in(app).await?;
    if takes_part_in_any(app, actor, &conversations).await? {
        return Ok(true);
    }
    if kept.is_exhibited(app).await? {
        return Ok(true);
    }
    if !kept.is_worn(app).await? {
        return Ok(false);
    }
    let known = acquaintances(app, actor.user, &[kept.file.owner]).await?;
    Ok(!known.is_empty())
}
