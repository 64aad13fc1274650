//! Change what everybody sees of a shop.

use serde_json::json;

use super::{Shop, queries};
use crate::{
    actor::{ManageShop, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    rights, words,
};

/// Gives the shop another name; nothing else can be changed by the shop itself. Refuses with `invalid_argument`.
pub async fn rename(app: &App, by: &Staff<ManageShop>, wanted: &str) -> Result<Shop> {
    let name = words::name("name", wanted)?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let former = queries::lock(&mut tx).await?.ok_or(Refusal::NotFound)?;
    if former.name == name {
        return Ok(former);
    }
    queries::rename(&mut tx, name).await?;
    let deed = Deed::new(by.actor.user, "shop.changed", by.shop)
        .before(json!({ "name": former.name }))
        .after(json!({ "name": name }));
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Shop {
        name: name.to_owned(),
        ..former
    })
}
