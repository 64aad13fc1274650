//! Come into a group by an invitation.

use proto::AcceptInvite;

use super::{
    Power,
    door::{self, Invitation},
    hold::{self, Group},
    must_wait, queries, wire,
};
use crate::{
    account::token::{Token, TokenKind},
    actor::Actor,
    app::App,
    error::{Refusal, Result, refused_argument},
    id::{ConversationId, InviteId},
    store::Tx,
};

/// Comes in by a link or a personal invitation; the membership remembers the inviter (GRP-02). A group with join
/// approval notes the wish and answers `join_pending`; only a manager's personal invitation needs no approval. An
/// invitation is worth what its maker may do now.
///
/// Refuses with `invite_invalid` (unknown, expired, revoked, used up, somebody else's, of somebody who has left, group
/// dissolved),
/// `already_a_member`, `banned`, `forbidden` for those who belong to another shop, `group_full`,
/// `too_many_groups`, `join_pending`.
pub async fn join(app: &App, actor: &Actor, request: AcceptInvite) -> Result<proto::Group> {
    let (invite, group) = find(app, actor, &request).await?;
    let (mut tx, group) = hold::lock(app, actor, group).await?;
    if group.closed {
        return Err(Refusal::InviteInvalid.into());
    }
    let person = welcome(&mut tx, actor, &group).await?;
    let now = app.clock.now();
    let invite = queries::use_invite(&mut tx, group.id, invite, now).await?;
    let invite = invite.ok_or(Refusal::InviteInvalid)?;
    let inviter = queries::group(tx.sql(), group.id, invite.inviter).await?;
    let power = inviter.map_or(Power::Outsider, |inviter| inviter.power);
    if power == Power::Outsider {
        return Err(Refusal::InviteInvalid.into());
    }
    if must_wait(group.join_approval, invite.vouched && power.may_run()) {
        queries::ask(&mut tx, group.id, actor.user, invite.inviter, now).await?;
        tx.commit().await?;
        return Err(Refusal::JoinPending.into());
    }
    let by_invitation = Invitation {
        actor: None,
        inviter: queries::person(&mut tx, invite.inviter).await?,
    };
    door::admit(app, &mut tx, &group, vec![person], by_invitation).await?;
    let joined = queries::group(tx.sql(), group.id, actor.user).await?;
    tx.commit().await?;
    Ok(wire::group(&joined.ok_or(Refusal::NotFound)?, now))
}

/// The invitation that is meant; whether it is still good is decided by the statement that uses it.
async fn find(
    app: &App,
    actor: &Actor,
    request: &AcceptInvite,
) -> Result<(InviteId, ConversationId)> {
    let pool = app.store.pool();
    let found = match (&request.token[..], &request.invite_id[..]) {
        (token, "") if !token.is_empty() => {
            let token = Token::parse(token).ok();
            let token = token.filter(|token| token.kind() == TokenKind::Invite);
            let hash = token.ok_or(Refusal::InviteInvalid)?.hash();
            queries::invite_by_token(pool, &hash.0).await?
        }
        ("", id) if !id.is_empty() => {
            let id = id
                .parse()
                .map_err(|_| refused_argument("invite_id", "is not an id"))?;
            queries::invite_to(pool, id, actor.user).await?
        }
        _ => {
            return Err(refused_argument(
                "token",
                "or `invite_id` is needed, not both",
            ));
        }
    };
    Ok(found.ok_or(Refusal::InviteInvalid)?)
}

/// May this person come in at all?
async fn welcome(tx: &mut Tx, actor: &Actor, group: &Group) -> Result<proto::User> {
    let found = queries::candidates(tx, group.id, &[actor.user])
        .await?
        .pop()
        .ok_or(Refusal::NotFound)?;
    if found.member {
        return Err(Refusal::AlreadyAMember.into());
    }
    if found.banned {
        return Err(Refusal::Banned.into());
    }
    if !found.invitable(group.shop) {
        return Err(Refusal::Forbidden.into());
    }
    if queries::is_waiting(tx, group.id, actor.user).await? {
        return Err(Refusal::JoinPending.into());
    }
    Ok(found.user)
}
