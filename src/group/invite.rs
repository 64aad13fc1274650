//! Make a way into a group for others, and close it again.

use jiff::SignedDuration;
use proto::{Invite, MakeInvite};
use serde_json::json;

use super::{
    OPEN_INVITES, Power,
    hold::{self, Group},
    person, queries,
    queries::NewInvite,
    refused_because, wire,
};
use crate::{
    account::token::{Token, TokenKind},
    actor::Actor,
    app::App,
    audit::{self, Deed},
    clock::millis,
    error::{Refusal, Result, refused_argument},
    id::{ConversationId, InviteId, UserId},
    store::Tx,
};

const LONGEST: u32 = 30 * 24 * 3_600;
const USUAL: u32 = 7 * 24 * 3_600;

/// Makes a link, whose token is in this answer only, or invites one person; the server keeps who did it (GRP-02).
/// Inviting the same person again renews the invitation.
///
/// Refuses with `invalid_argument`, `not_found` if the person may not come into this shop's groups, `already_a_member`,
/// `conversation_closed`, and with `conflict` somebody who has 100 open invitations in this group.
pub async fn make(
    app: &App,
    actor: &Actor,
    group: ConversationId,
    request: MakeInvite,
) -> Result<Invite> {
    if request.seconds > LONGEST {
        return Err(refused_argument("seconds", "is more than 30 days"));
    }
    let (mut tx, group) = hold::open(app, actor, group, Power::Member).await?;
    group.require_open()?;
    let now = app.clock.now();
    if queries::open_invites_of(&mut tx, group.id, actor.user, now).await? >= OPEN_INVITES {
        let sentence = "Revoke some of your open invitations to this group first.";
        return Err(refused_because(Refusal::Conflict, sentence));
    }
    let seconds = if request.seconds == 0 {
        USUAL
    } else {
        request.seconds
    };
    let expires_at = now + SignedDuration::from_secs(seconds.into());
    let (new, token) = match &request.user_id[..] {
        "" => link(request.uses)?,
        _ => (personal(&mut tx, &group, &request).await?, None),
    };
    let id = queries::add_invite(&mut tx, group.id, actor.user, &new, expires_at, now).await?;
    let seen = json!({ "invite_id": id, "user_id": new.invitee, "uses": new.uses });
    let deed = Deed::new(actor.user, "group.invite_made", group.id).after(seen);
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(Invite {
        id: id.to_string(),
        group_id: group.id.to_string(),
        group_name: group.name,
        inviter: Some(actor.as_seen()),
        user_id: request.user_id,
        token: token.unwrap_or_default(),
        uses_left: new.uses.unsigned_abs(),
        expires_at: millis(expires_at),
    })
}

fn link(uses: u32) -> Result<(NewInvite, Option<String>)> {
    let uses = match uses {
        0 => 100,
        1..=10_000 => uses.cast_signed(),
        _ => return Err(refused_argument("uses", "is more than 10000")),
    };
    let token = Token::generate(TokenKind::Invite, &mut rand::rng());
    let new = NewInvite {
        invitee: None,
        token_hash: Some(token.hash().0),
        vouched: false,
        uses,
    };
    Ok((new, Some(token.reveal())))
}

async fn personal(tx: &mut Tx, group: &Group, request: &MakeInvite) -> Result<NewInvite> {
    let invitee: UserId = person("user_id", &request.user_id)?;
    if request.uses > 1 {
        return Err(refused_argument("uses", "is for links"));
    }
    let found = queries::candidates(tx, group.id, &[invitee]).await?.pop();
    let found = found
        .filter(|one| one.invitable(group.shop))
        .ok_or(Refusal::NotFound)?;
    if found.member {
        return Err(Refusal::AlreadyAMember.into());
    }
    Ok(NewInvite {
        invitee: Some(invitee),
        token_hash: None,
        vouched: group.power.may_run(),
        uses: 1,
    })
}

/// Nobody comes by this invitation any more: its maker or a manager says so. Refuses with `not_found`.
pub async fn revoke(
    app: &App,
    actor: &Actor,
    group: ConversationId,
    invite: InviteId,
) -> Result<()> {
    let (mut tx, group) = hold::open(app, actor, group, Power::Member).await?;
    let only = (!group.power.may_run()).then_some(actor.user);
    let now = app.clock.now();
    if !queries::revoke_invite(&mut tx, group.id, invite, only, now).await? {
        return Err(Refusal::NotFound.into());
    }
    let deed = Deed::new(actor.user, "group.invite_revoked", group.id)
        .before(json!({ "invite_id": invite }));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await
}

/// The open invitations of a group, a page: all of them for managers, one's own for others.
pub async fn list(
    app: &App,
    actor: &Actor,
    group: ConversationId,
    cursor: &str,
    limit: u32,
) -> Result<proto::InvitePage> {
    let group = hold::look(app, actor, group, Power::Member).await?;
    let only = (!group.power.may_run()).then_some(actor.user);
    let (limit, after) = wire::page(cursor, limit)?;
    let pool = app.store.pool();
    let invites = queries::invites(pool, group.id, only, app.clock.now(), after, limit + 1).await?;
    Ok(wire::invite_page(invites, limit))
}

/// The invitations that wait for this person, a page.
pub async fn mine(app: &App, actor: &Actor, cursor: &str, limit: u32) -> Result<proto::InvitePage> {
    let (limit, after) = wire::page(cursor, limit)?;
    let pool = app.store.pool();
    let invites = queries::invites_for(pool, actor.user, app.clock.now(), after, limit + 1).await?;
    Ok(wire::invite_page(invites, limit))
}
