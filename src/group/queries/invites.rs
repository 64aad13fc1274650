//! Statements about the ways into a group.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use proto::User;
use sqlx::PgPool;
use uuid::Uuid;

use super::user;
use crate::{
    error::Result,
    id::{ConversationId, InviteId, UserId},
    store::Tx,
};

/// A way in that is about to be made: a link has a token, a personal invitation an invitee.
pub(in crate::group) struct NewInvite {
    pub invitee: Option<UserId>,
    pub token_hash: Option<[u8; 32]>,
    pub vouched: bool,
    pub uses: i32,
}

/// A way in, as it is shown.
#[derive(Debug)]
pub(in crate::group) struct OpenInvite {
    pub id: InviteId,
    pub group: ConversationId,
    pub group_name: String,
    pub inviter: User,
    pub invitee: Option<UserId>,
    pub uses_left: i32,
    pub expires_at: Timestamp,
}

/// A use that was taken of an invitation.
pub(in crate::group) struct Used {
    pub inviter: UserId,
    pub vouched: bool,
}

/// How many open ways in one person has made.
pub(in crate::group) async fn open_invites_of(
    tx: &mut Tx,
    group: ConversationId,
    inviter: UserId,
    now: Timestamp,
) -> Result<i64> {
    let open = sqlx::query_scalar!(
        r#"
        select count(*) as "open!" from invites
        where conversation_id = $1 and inviter_id = $2 and revoked_at is null and uses_left > 0 and expires_at > $3
        "#,
        group.0,
        inviter.0,
        now.to_sqlx() as _,
    );
    Ok(open.fetch_one(tx.sql()).await?)
}

/// Keeps a new way in; inviting the same person again renews what there is.
pub(in crate::group) async fn add_invite(
    tx: &mut Tx,
    group: ConversationId,
    inviter: UserId,
    new: &NewInvite,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<InviteId> {
    let id = sqlx::query_scalar!(
        r#"
        insert into invites
          (id, conversation_id, inviter_id, invitee_id, token_hash, vouched, uses_left, expires_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (conversation_id, inviter_id, invitee_id) where invitee_id is not null do update
        set vouched = excluded.vouched, uses_left = excluded.uses_left, expires_at = excluded.expires_at, revoked_at = null
        returning id as "id: InviteId"
        "#,
        InviteId::new().0,
        group.0,
        inviter.0,
        new.invitee.map(|user| user.0),
        new.token_hash.as_ref().map(|hash| &hash[..]),
        new.vouched,
        new.uses,
        expires_at.to_sqlx() as _,
        now.to_sqlx() as _,
    );
    Ok(id.fetch_one(tx.sql()).await?)
}

/// Which invitation a link's token is, and of which group.
pub(in crate::group) async fn invite_by_token(
    pool: &PgPool,
    hash: &[u8],
) -> Result<Option<(InviteId, ConversationId)>> {
    let row = sqlx::query!(
        r#"select id as "id: InviteId", conversation_id as "group: ConversationId" from invites where token_hash = $1"#,
        hash
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| (row.id, row.group)))
}

/// A personal invitation of this person.
pub(in crate::group) async fn invite_to(
    pool: &PgPool,
    invite: InviteId,
    invitee: UserId,
) -> Result<Option<(InviteId, ConversationId)>> {
    let row = sqlx::query!(
        r#"
        select id as "id: InviteId", conversation_id as "group: ConversationId"
        from invites
        where id = $1 and invitee_id = $2
        "#,
        invite.0,
        invitee.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| (row.id, row.group)))
}

/// Takes one use, if the invitation is still good.
pub(in crate::group) async fn use_invite(
    tx: &mut Tx,
    group: ConversationId,
    invite: InviteId,
    now: Timestamp,
) -> Result<Option<Used>> {
    let used = sqlx::query_as!(
        Used,
        r#"
        update invites
        set uses_left = uses_left - 1
        where id = $1 and conversation_id = $2 and uses_left > 0 and revoked_at is null and expires_at > $3
        returning inviter_id as "inviter: UserId", vouched
        "#,
        invite.0,
        group.0,
        now.to_sqlx() as _,
    );
    Ok(used.fetch_optional(tx.sql()).await?)
}

/// Closes one way in, of one person only if `only` names them. False: there is none that is open.
pub(in crate::group) async fn revoke_invite(
    tx: &mut Tx,
    group: ConversationId,
    invite: InviteId,
    only: Option<UserId>,
    now: Timestamp,
) -> Result<bool> {
    let revoked = sqlx::query!(
        "
        update invites
        set revoked_at = $4
        where id = $1 and conversation_id = $2 and ($3::uuid is null or inviter_id = $3) and revoked_at is null
        ",
        invite.0,
        group.0,
        only.map(|user| user.0),
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(revoked.rows_affected() == 1)
}

/// Closes the ways in that one person has made.
pub(in crate::group) async fn revoke_invites_of(
    tx: &mut Tx,
    group: ConversationId,
    inviter: UserId,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "
        update invites
        set revoked_at = $3
        where conversation_id = $1 and inviter_id = $2 and revoked_at is null and uses_left > 0
        ",
        group.0,
        inviter.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The open ways into a group before `after`, the newest first; those of one person only if `only` names them.
pub(in crate::group) async fn invites(
    pool: &PgPool,
    group: ConversationId,
    only: Option<UserId>,
    now: Timestamp,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<OpenInvite>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select i.id as "id: InviteId", i.conversation_id as "group: ConversationId", g.name as group_name,
          i.invitee_id as "invitee: UserId", i.uses_left, i.expires_at as "expires_at: jiff_sqlx::Timestamp",
          u.id as "inviter: UserId", u.kind, u.name, u.avatar
        from invites i
        join groups g on g.conversation_id = i.conversation_id
        join users u on u.id = i.inviter_id
        where i.conversation_id = $1 and ($2::uuid is null or i.inviter_id = $2)
          and i.revoked_at is null and i.uses_left > 0 and i.expires_at > $3 and ($4::uuid is null or i.id < $4)
        order by i.id desc
        limit $5
        "#,
        group.0,
        only.map(|user| user.0),
        now.to_sqlx() as _,
        after,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Row::shown).collect())
}

/// The open invitations of one person before `after`, the newest first.
pub(in crate::group) async fn invites_for(
    pool: &PgPool,
    invitee: UserId,
    now: Timestamp,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<OpenInvite>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select i.id as "id: InviteId", i.conversation_id as "group: ConversationId", g.name as group_name,
          i.invitee_id as "invitee: UserId", i.uses_left, i.expires_at as "expires_at: jiff_sqlx::Timestamp",
          u.id as "inviter: UserId", u.kind, u.name, u.avatar
        from invites i
        join groups g on g.conversation_id = i.conversation_id
        join users u on u.id = i.inviter_id
        where i.invitee_id = $1 and i.revoked_at is null and i.uses_left > 0 and i.expires_at > $2
          and ($3::uuid is null or i.id < $3)
        order by i.id desc
        limit $4
        "#,
        invitee.0,
        now.to_sqlx() as _,
        after,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Row::shown).collect())
}

struct Row {
    id: InviteId,
    group: ConversationId,
    group_name: String,
    invitee: Option<UserId>,
    uses_left: i32,
    expires_at: jiff_sqlx::Timestamp,
    inviter: UserId,
    kind: String,
    name: String,
    avatar: Option<Uuid>,
}

impl Row {
    fn shown(self) -> OpenInvite {
        OpenInvite {
            id: self.id,
            group: self.group,
            group_name: self.group_name,
            inviter: user(self.inviter, &self.kind, self.name, self.avatar),
            invitee: self.invitee,
            uses_left: self.uses_left,
            expires_at: self.expires_at.to_jiff(),
        }
    }
}
