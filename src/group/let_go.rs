//! Let go of somebody whose post with the shop has ended.

use proto::NoticeKind;

use super::{notice, queries};
use crate::{
    actor::Actor,
    app::App,
    conversation::log,
    error::{Refusal, Result},
    fact::Fact,
    id::UserId,
    store::Tx,
};

/// Takes a member of staff, or a bot, out of all groups of the shop, with a notice in each. To them these groups are from
/// now on as if they had never been in them: the log keeps who was there when. The ways in that they made or were
/// given are closed. Another post begins anew. How many groups that can be is bounded (`limits.groups_per_colleague`): nobody
/// says anything in them meanwhile.
///
/// Whoever ends a post calls this in the same unit of work, holding everything that changes rights
/// ([`crate::rights`]): nobody comes or goes meanwhile.
pub async fn let_go(app: &App, tx: &mut Tx, by: &Actor, user: UserId) -> Result<()> {
    let person = queries::person(tx, user).await?.ok_or(Refusal::NotFound)?;
    let groups = queries::groups_of(tx, user).await?;
    let removed = |_| notice::about(by, NoticeKind::MemberRemoved, vec![person.clone()]);
    let notices = groups
        .iter()
        .map(|group| notice::draft(*group, removed(group), ""));
    log::append_all(tx, &app.clock, notices.collect()).await?;
    let now = app.clock.now();
    queries::forget_member(tx, user, now).await?;
    let left = groups.into_iter().map(|group| Fact::MemberLeft {
        conversation_id: group,
        user_id: user,
    });
    tx.remember_all(&left.collect::<Vec<_>>(), now).await
}
