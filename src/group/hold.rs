//! A group as it stands, and how somebody stands towards it.

use jiff::Timestamp;
use proto::GroupRole;

use super::{Power, queries};
use crate::{
    actor::Actor,
    app::App,
    error::{Refusal, Result},
    id::{ConversationId, ShopId},
    store::Tx,
};

/// A group, and one person's place in it.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub id: ConversationId,
    pub shop: ShopId,
    pub name: String,
    pub announcement: String,
    pub join_approval: bool,
    pub all_muted: bool,
    pub closed: bool,
    /// How many there are now.
    pub members: i32,
    /// Unspecified: not in it.
    pub role: GroupRole,
    pub muted_until: Option<Timestamp>,
    /// What the person may do, by role or by working for the shop.
    pub power: Power,
}

impl Group {
    /// Refuses with `conversation_closed` after the group was dissolved.
    pub(super) fn require_open(&self) -> Result<()> {
        if self.closed {
            return Err(Refusal::ConversationClosed.into());
        }
        Ok(())
    }
}

/// Looks at a group without locking it. Refuses with `not_found` and `forbidden` who has less than `least`.
pub(super) async fn look(
    app: &App,
    actor: &Actor,
    group: ConversationId,
    least: Power,
) -> Result<Group> {
    let found = queries::group(app.store.pool(), group, actor.user).await?;
    let group = found.ok_or(Refusal::NotFound)?;
    group.power.require(least)?;
    Ok(group)
}

/// Opens a unit of work that alone may change the group: who may is judged under its lock. Refuses like [`look`].
pub(super) async fn open(
    app: &App,
    actor: &Actor,
    group: ConversationId,
    least: Power,
) -> Result<(Tx, Group)> {
    let (tx, group) = lock(app, actor, group).await?;
    group.power.require(least)?;
    Ok((tx, group))
}

/// The same for whoever comes, also from outside. Every change of a group begins here, and takes from the user's pace as
/// saying does: refuses with `rate_limited`.
pub(super) async fn lock(app: &App, actor: &Actor, group: ConversationId) -> Result<(Tx, Group)> {
    app.sends.take(actor.user)?;
    let shop = queries::shop_of(app.store.pool(), group).await?;
    let mut tx = app.store.begin(shop.ok_or(Refusal::NotFound)?).await?;
    queries::lock(&mut tx, group).await?;
    let found = queries::group(tx.sql(), group, actor.user).await?;
    Ok((tx, found.ok_or(Refusal::NotFound)?))
}
