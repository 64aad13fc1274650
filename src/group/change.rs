//! Rename, announce, mute everybody, let people wait for approval.

use proto::{ChangeGroup, NoticeKind};
use serde_json::json;

use super::{
    Power, announcement,
    hold::{self, Group},
    notice, queries, wire,
};
use crate::{
    actor::Actor,
    app::App,
    audit::{self, Deed},
    error::Result,
    id::ConversationId,
    store::Tx,
    words,
};

/// Changes what is given and differs, in one unit of work with a notice for each; the new name and announcement are the
/// notices' words. Refuses with `invalid_argument`, `conversation_closed`.
pub async fn change(
    app: &App,
    actor: &Actor,
    group: ConversationId,
    request: ChangeGroup,
) -> Result<proto::Group> {
    let wanted_name = request.name.as_deref();
    let wanted_name = wanted_name
        .map(|text| words::name("name", text))
        .transpose()?;
    let wanted_announcement = request
        .announcement
        .as_deref()
        .map(announcement)
        .transpose()?;
    let (mut tx, before) = hold::open(app, actor, group, Power::Manager).await?;
    before.require_open()?;
    let after = Group {
        name: wanted_name.map_or_else(|| before.name.clone(), str::to_owned),
        announcement: wanted_announcement.unwrap_or_else(|| before.announcement.clone()),
        join_approval: request.join_approval.unwrap_or(before.join_approval),
        all_muted: request.all_muted.unwrap_or(before.all_muted),
        ..before.clone()
    };
    let now = app.clock.now();
    if seen(&before) == seen(&after) {
        return Ok(wire::group(&after, now));
    }
    queries::change(&mut tx, &after).await?;
    for (kind, words) in news(&before, &after) {
        notice::say(app, &mut tx, after.id, notice::by(actor, kind), words).await?;
    }
    notice::changed(&mut tx, &after);
    record(app, &mut tx, actor, &before, &after).await?;
    tx.commit().await?;
    Ok(wire::group(&after, now))
}

/// What there is to tell, with its words.
fn news<'a>(before: &Group, after: &'a Group) -> Vec<(NoticeKind, &'a str)> {
    let muted = if after.all_muted {
        NoticeKind::AllMuted
    } else {
        NoticeKind::AllUnmuted
    };
    let news = [
        (
            before.name != after.name,
            NoticeKind::Renamed,
            &after.name[..],
        ),
        (
            before.announcement != after.announcement,
            NoticeKind::Announced,
            &after.announcement,
        ),
        (before.all_muted != after.all_muted, muted, ""),
    ];
    news.into_iter()
        .filter(|(new, ..)| *new)
        .map(|(_, kind, words)| (kind, words))
        .collect()
}

fn seen(group: &Group) -> serde_json::Value {
    json!({
        "name": group.name,
        "announcement": group.announcement,
        "join_approval": group.join_approval,
        "all_muted": group.all_muted,
    })
}

async fn record(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    before: &Group,
    after: &Group,
) -> Result<()> {
    let deed = Deed::new(actor.user, "group.changed", after.id)
        .before(seen(before))
        .after(seen(after));
    audit::record(tx, deed, app.clock.now()).await
}
