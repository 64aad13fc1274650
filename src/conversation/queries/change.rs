//! Statements that change a message in place. They run under the conversation's lock, in this order: [`lock`],
//! [`standing`](mod@super::standing), [`kept`], [`change`].

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use proto::Message;

use super::{Address, address, wire};
use crate::{
    conversation::load::Name,
    error::Result,
    id::{ConversationId, UserId},
    store::Tx,
};

/// Locks a conversation as `append_messages` does: until the work ends nobody else says or changes anything there.
/// Nothing, if this unit of work has no such conversation in its shop.
pub(in crate::conversation) async fn lock(
    tx: &mut Tx,
    conversation: ConversationId,
) -> Result<Option<Address>> {
    let shop = tx.shop_if_any().map(|shop| shop.0);
    let row = sqlx::query!(
        r#"
        select kind, shop_id, person_a, person_b
        from conversations
        where id = $1 and shop_id is not distinct from $2
        for no key update
        "#,
        conversation.0,
        shop,
    )
    .fetch_optional(tx.sql())
    .await?;
    row.map(|row| {
        address(
            conversation,
            &row.kind,
            row.shop_id,
            row.person_a,
            row.person_b,
        )
    })
    .transpose()
}

/// A message as the log keeps it.
#[derive(Clone, Debug)]
pub(in crate::conversation) struct Kept {
    pub number: u64,
    pub sender: Option<UserId>,
    pub sent_at: Timestamp,
    pub recalled: bool,
    pub pinned: bool,
    pub version: i32,
    /// What was sent, without its place and sender.
    pub content: Message,
}

impl Kept {
    /// It is a card that no person made: its noun goes on drawing it.
    pub(in crate::conversation) fn is_drawn_by_its_noun(&self) -> bool {
        let card = self.content.card.as_ref();
        card.is_some_and(|card| card.link.is_none())
    }
}

/// One message of a conversation.
pub(in crate::conversation) async fn kept(
    sql: impl sqlx::PgExecutor<'_>,
    conversation: ConversationId,
    number: u64,
) -> Result<Option<Kept>> {
    let row = sqlx::query!(
        r#"
        select sender_id as "sender: UserId", sent_at as "sent_at: jiff_sqlx::Timestamp", text, extra, card, version,
          recalled_at is not null as "recalled!", pinned_at is not null as "pinned!"
        from messages
        where conversation_id = $1 and number = $2
        "#,
        conversation.0,
        number.cast_signed(),
    )
    .fetch_optional(sql)
    .await?;
    Ok(row.map(|row| Kept {
        number,
        sender: row.sender,
        sent_at: row.sent_at.to_jiff(),
        recalled: row.recalled,
        pinned: row.pinned,
        version: row.version,
        content: wire::restore(row.text, row.extra.as_deref(), row.card.as_deref()),
    }))
}

/// What becomes of a message's columns; what is `None` or `false` stays as it is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::conversation) struct Columns {
    pub text: Option<String>,
    pub card: Option<Vec<u8>>,
    pub edited: bool,
    pub recalled: bool,
    pub pinned: Option<bool>,
}

/// Changes a message: the one statement that does. It raises the conversation's revision by one, so that revisions are
/// dense, and stamps the message with it. What the message said before goes to `message_versions` by a trigger, with `by`,
/// who made the new version (nobody: the server itself). Gives true where somebody wants a fact for it.
pub(in crate::conversation) async fn change(
    tx: &mut Tx,
    conversation: ConversationId,
    number: u64,
    (by, columns): (Option<UserId>, &Columns),
    now: Timestamp,
) -> Result<bool> {
    let another = columns.text.is_some() || columns.card.is_some() || columns.recalled;
    let remembers = sqlx::query_scalar!(
        r#"
        with raised as (
          update conversations c
          set
            revision = c.revision + 1,
            active_at = case when c.active_at < clock_timestamp() - interval '2 seconds' then clock_timestamp() else c.active_at end
          where c.id = $1
          returning c.revision, c.shop_id
        )
        update messages m
        set
          revision = r.revision,
          version = m.version + $4::boolean::integer,
          version_by = case when $4 then $10 else m.version_by end,
          text = case when $8 then '' else coalesce($5, m.text) end,
          extra = case when $8 then null else m.extra end,
          card = case when $8 then null else coalesce($6, m.card) end,
          edited_at = case when $7 then $3 else m.edited_at end,
          recalled_at = case when $8 then $3 else m.recalled_at end,
          pinned_at = case
            when $8 or $9 = false then null
            when $9 then coalesce(m.pinned_at, $3)
            else m.pinned_at end
        from raised r
        left join shops s on s.id = r.shop_id
        where m.conversation_id = $1 and m.number = $2
        returning coalesce(s.remembers_messages, false) as "remembers!"
        "#,
        conversation.0,
        number.cast_signed(),
        now.to_sqlx() as _,
        another,
        columns.text.as_deref(),
        columns.card.as_deref(),
        columns.edited,
        columns.recalled,
        columns.pinned,
        by.map(|user| user.0),
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(remembers)
}

/// How many messages of a conversation are pinned.
pub(in crate::conversation) async fn pins(
    tx: &mut Tx,
    conversation: ConversationId,
) -> Result<i64> {
    let pins = sqlx::query_scalar!(
        r#"select count(*) as "pins!" from messages where conversation_id = $1 and pinned_at is not null"#,
        conversation.0,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(pins)
}

/// The reactions to a message, counted for one more of a user's.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::conversation) struct Reactions {
    /// Different reactions on the message, of everybody.
    pub different: i64,
    /// Reactions that this user has set on it.
    pub own: i64,
    /// Somebody has set this reaction.
    pub known: bool,
    /// This user has set this reaction.
    pub mine: bool,
}

/// Counts the reactions to a message.
pub(in crate::conversation) async fn reactions(
    tx: &mut Tx,
    conversation: ConversationId,
    number: u64,
    user: UserId,
    emoji: &str,
) -> Result<Reactions> {
    let reactions = sqlx::query_as!(
        Reactions,
        r#"
        select count(distinct emoji) as "different!", count(*) filter (where user_id = $3) as "own!",
          coalesce(bool_or(emoji = $4), false) as "known!", coalesce(bool_or(emoji = $4 and user_id = $3), false) as "mine!"
        from reactions
        where conversation_id = $1 and number = $2
        "#,
        conversation.0,
        number.cast_signed(),
        user.0,
        emoji,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(reactions)
}

/// Sets a reaction.
pub(in crate::conversation) async fn set_reaction(
    tx: &mut Tx,
    conversation: ConversationId,
    number: u64,
    user: UserId,
    emoji: &str,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "insert into reactions (conversation_id, number, user_id, emoji, at) values ($1, $2, $3, $4, $5)",
        conversation.0,
        number.cast_signed(),
        user.0,
        emoji,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Takes a reaction away.
pub(in crate::conversation) async fn take_reaction(
    tx: &mut Tx,
    conversation: ConversationId,
    number: u64,
    user: UserId,
    emoji: &str,
) -> Result<()> {
    sqlx::query!(
        "delete from reactions where conversation_id = $1 and number = $2 and user_id = $3 and emoji = $4",
        conversation.0,
        number.cast_signed(),
        user.0,
        emoji,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A former version of a message.
#[derive(Debug)]
pub(in crate::conversation) struct Former {
    pub version: i32,
    pub replaced_at: Timestamp,
    pub replaced_by: Option<UserId>,
    pub content: Message,
}

/// What a message said in the versions before `before`, the newest first.
pub(in crate::conversation) async fn former(
    tx: &mut Tx,
    (conversation, number): Name,
    before: i32,
    limit: i64,
) -> Result<Vec<Former>> {
    let rows = sqlx::query!(
        r#"
        select version, text, extra, card, replaced_by as "replaced_by: UserId", replaced_at as "replaced_at: jiff_sqlx::Timestamp"
        from message_versions
        where conversation_id = $1 and number = $2 and version < $3
        order by version desc
        limit $4
        "#,
        conversation.0,
        number.cast_signed(),
        before,
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    let former = rows.into_iter().map(|row| Former {
        version: row.version,
        replaced_at: row.replaced_at.to_jiff(),
        replaced_by: row.replaced_by,
        content: wire::restore(row.text, row.extra.as_deref(), row.card.as_deref()),
    });
    Ok(former.collect())
}
