//! Look at groups, at who is in them and at who waits.

use proto::{GroupPage, JoinRequestPage, ListMembers, MemberPage};

use super::{Power, hold, queries, wire};
use crate::{
    actor::{Actor, ManageGroups, Staff},
    app::App,
    error::{Result, refused_argument},
    id::ConversationId,
    store::page,
};

/// One group, as this person sees it. Refuses with `not_found`.
pub async fn group(app: &App, actor: &Actor, group: ConversationId) -> Result<proto::Group> {
    let group = hold::look(app, actor, group, Power::Member).await?;
    Ok(wire::group(&group, app.clock.now()))
}

/// The groups of a shop, a page, the newest first.
pub async fn groups(
    app: &App,
    staff: &Staff<ManageGroups>,
    cursor: &str,
    limit: u32,
) -> Result<GroupPage> {
    let (limit, after) = wire::page(cursor, limit)?;
    let found = queries::groups(app.store.pool(), staff, after, limit + 1).await?;
    Ok(wire::group_page(found, limit, app.clock.now()))
}

/// Who is in a group, a page, in order of joining. Refuses with `not_found`, `invalid_argument`.
pub async fn members(app: &App, actor: &Actor, request: ListMembers) -> Result<MemberPage> {
    let group: ConversationId = request
        .conversation_id
        .parse()
        .map_err(|_| refused_argument("conversation_id", "is not an id"))?;
    let group = hold::look(app, actor, group, Power::Member).await?;
    let limit = page::limit(request.limit, 100, 200)?;
    let after = page::after(&request.cursor)?;
    let found = queries::members(app.store.pool(), group.id, after, limit + 1).await?;
    Ok(wire::member_page(found, limit, app.clock.now()))
}

/// Who waits for approval, a page, the longest waiting first: for managers.
pub async fn requests(
    app: &App,
    actor: &Actor,
    group: ConversationId,
    cursor: &str,
    limit: u32,
) -> Result<JoinRequestPage> {
    let group = hold::look(app, actor, group, Power::Manager).await?;
    let limit = page::limit(limit, 50, 200)?;
    let after = page::after(cursor)?;
    let found = queries::requests(app.store.pool(), group.id, after, limit + 1).await?;
    Ok(wire::request_page(found, limit))
}
