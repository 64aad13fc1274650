//! What happens to draws when a time has come, on whichever node: they are held or lapse, winners are told, what was kept for two years
//! goes.

use super::{hold, picture, queries, tell};
use crate::{
    app::App,
    error::{Result, Round},
};

/// What one round takes at most.
const ROUND: i64 = 200;

/// Everything whose time has come.
pub async fn due(app: &App) -> Result<()> {
    let (pool, now) = (app.store.pool(), app.clock.now());
    let mut round = Round::default();
    for (shop, draw) in queries::due(pool, now, ROUND).await? {
        round.note(hold::when_due(app, shop, draw).await)?;
    }
    for (shop, draw) in queries::untold(pool, ROUND).await? {
        round.note(tell::winners_of(app, shop, draw).await)?;
    }
    round.note(picture::stale(app).await)?;
    queries::forget(pool, now, ROUND).await?;
    round.end()
}
