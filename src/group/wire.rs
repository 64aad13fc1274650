//! Groups as the contract has them.

use jiff::Timestamp;
use proto::{GroupPage, Invite, InvitePage, JoinRequest, JoinRequestPage, MemberPage};
use uuid::Uuid;

use super::{
    hold::Group,
    queries::{Member, OpenInvite, Request},
};
use crate::{clock::millis, error::Result, store::page};

/// Limit and cursor of a page that is ordered by id.
pub(super) fn page(cursor: &str, limit: u32) -> Result<(i64, Option<Uuid>)> {
    Ok((page::limit(limit, 50, 200)?, page::after(cursor)?))
}

fn muted_until(until: Option<Timestamp>, now: Timestamp) -> i64 {
    until.filter(|until| *until > now).map_or(0, millis)
}

pub(super) fn group(group: &Group, now: Timestamp) -> proto::Group {
    proto::Group {
        id: group.id.to_string(),
        shop_id: group.shop.to_string(),
        name: group.name.clone(),
        announcement: group.announcement.clone(),
        members: group.members.unsigned_abs(),
        all_muted: group.all_muted,
        join_approval: group.join_approval,
        role: group.role.into(),
        dissolved: group.closed,
        muted_until: muted_until(group.muted_until, now),
    }
}

pub(super) fn group_page(mut found: Vec<Group>, limit: i64, now: Timestamp) -> GroupPage {
    let next_cursor = page::next(&mut found, limit, |last| last.id);
    GroupPage {
        groups: found.iter().map(|one| group(one, now)).collect(),
        next_cursor,
    }
}

pub(super) fn member_page(mut found: Vec<Member>, limit: i64, now: Timestamp) -> MemberPage {
    let next_cursor = page::next(&mut found, limit, |last| (last.joined_number, last.id));
    let members = found.into_iter().map(|member| proto::Member {
        user: Some(member.user),
        role: member.role.into(),
        inviter_id: member.inviter.map(|id| id.to_string()).unwrap_or_default(),
        joined_at: millis(member.joined_at),
        muted_until: muted_until(member.muted_until, now),
    });
    MemberPage {
        members: members.collect(),
        next_cursor,
    }
}

pub(super) fn invite_page(mut found: Vec<OpenInvite>, limit: i64) -> InvitePage {
    let next_cursor = page::next(&mut found, limit, |last| last.id);
    let invites = found.into_iter().map(|invite| Invite {
        id: invite.id.to_string(),
        group_id: invite.group.to_string(),
        group_name: invite.group_name,
        inviter: Some(invite.inviter),
        user_id: invite.invitee.map(|id| id.to_string()).unwrap_or_default(),
        token: String::new(),
        uses_left: invite.uses_left.unsigned_abs(),
        expires_at: millis(invite.expires_at),
    });
    InvitePage {
        invites: invites.collect(),
        next_cursor,
    }
}

pub(super) fn request_page(mut found: Vec<Request>, limit: i64) -> JoinRequestPage {
    let next_cursor = page::next(&mut found, limit, |last| (last.asked_at, last.id));
    let requests = found.into_iter().map(|request| JoinRequest {
        user: Some(request.user),
        inviter_id: request.inviter.to_string(),
        asked_at: millis(request.asked_at),
    });
    JoinRequestPage {
        requests: requests.collect(),
        next_cursor,
    }
}
