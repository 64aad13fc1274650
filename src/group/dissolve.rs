//! End a group.

use proto::NoticeKind;
use serde_json::json;

use super::{Power, hold, notice, queries};
use crate::{
    actor::Actor,
    app::App,
    audit::{self, Deed},
    error::Result,
    id::ConversationId,
};

/// Ends a group: a last notice tells everybody, nothing is said in it any more, nobody comes in; its members keep what
/// they have read. Does nothing if it has ended.
pub async fn dissolve(app: &App, actor: &Actor, group: ConversationId) -> Result<()> {
    let (mut tx, group) = hold::open(app, actor, group, Power::Owner).await?;
    if group.closed {
        return Ok(());
    }
    let said = notice::by(actor, NoticeKind::Dissolved);
    notice::say(app, &mut tx, group.id, said, "").await?;
    let now = app.clock.now();
    queries::close(&mut tx, group.id, now).await?;
    notice::changed(&mut tx, &group);
    let before = json!({ "name": group.name, "members": group.members });
    let deed = Deed::new(actor.user, "group.dissolved", group.id).before(before);
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await
}
