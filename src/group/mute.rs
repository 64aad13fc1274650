//! Silence a member for a time.

use jiff::Timestamp;
use proto::NoticeKind;
use serde_json::json;

use super::{
    Power,
    hold::{self, Group},
    notice, queries,
};
use crate::{
    actor::Actor,
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::{ConversationId, UserId},
    store::Tx,
};

/// A member may not speak here until then (milliseconds since 1970). Leaving and coming back does not shorten it.
///
/// Refuses with `invalid_argument` a time that is past, with `not_found` if they are not in it, with `forbidden` unless
/// the power here is above their role.
pub async fn mute(
    app: &App,
    actor: &Actor,
    group: ConversationId,
    user: UserId,
    until: i64,
) -> Result<()> {
    let until = Timestamp::from_millisecond(until)
        .ok()
        .filter(|until| *until > app.clock.now())
        .ok_or_else(|| refused_argument("until", "is not a time to come"))?;
    silence(app, actor, group, user, Some(until)).await
}

/// The member may speak again. Does nothing for somebody who may. Refuses like [`mute`].
pub async fn unmute(app: &App, actor: &Actor, group: ConversationId, user: UserId) -> Result<()> {
    silence(app, actor, group, user, None).await
}

async fn silence(
    app: &App,
    actor: &Actor,
    group: ConversationId,
    user: UserId,
    until: Option<Timestamp>,
) -> Result<()> {
    let (mut tx, group) = hold::open(app, actor, group, Power::Manager).await?;
    group.require_open()?;
    let member = queries::member(&mut tx, group.id, user).await?;
    let member = member.ok_or(Refusal::NotFound)?;
    if !group.power.may_overrule(member.role) {
        return Err(Refusal::Forbidden.into());
    }
    let now = app.clock.now();
    let former = member.muted_until.filter(|until| *until > now);
    if former == until {
        return Ok(());
    }
    queries::mute(&mut tx, group.id, user, until).await?;
    let kind = match until {
        Some(_) => NoticeKind::MemberMuted,
        None => NoticeKind::MemberUnmuted,
    };
    let said = notice::about(actor, kind, vec![member.user]);
    notice::say(app, &mut tx, group.id, said, "").await?;
    notice::changed(&mut tx, &group);
    record(&mut tx, actor, &group, user, [former, until], now).await?;
    tx.commit().await
}

async fn record(
    tx: &mut Tx,
    actor: &Actor,
    group: &Group,
    user: UserId,
    [before, after]: [Option<Timestamp>; 2],
    now: Timestamp,
) -> Result<()> {
    let seen = |until: Option<Timestamp>| json!({ "user_id": user, "muted_until": until });
    let action = match after {
        Some(_) => "group.member_muted",
        None => "group.member_unmuted",
    };
    let deed = Deed::new(actor.user, action, group.id)
        .before(seen(before))
        .after(seen(after));
    audit::record(tx, deed, now).await
}
