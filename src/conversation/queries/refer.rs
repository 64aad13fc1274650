//! What a message refers to.

use proto::{Sender, UserKind, json::Word as _};
use sqlx::PgExecutor;

use crate::{
    clock::millis,
    error::Result,
    id::{ConversationId, ShopId, UserId},
};

/// A message that was sent before under a client message id.
#[derive(Debug)]
pub(in crate::conversation) struct Sent {
    pub number: u64,
    /// Milliseconds since 1970.
    pub at: i64,
    pub fingerprint: i64,
}

/// What a sender has sent under a client message id, if anything.
pub(in crate::conversation) async fn sent(
    sql: impl PgExecutor<'_>,
    conversation: ConversationId,
    sender: UserId,
    client_message_id: &str,
) -> Result<Option<Sent>> {
    let row = sqlx::query!(
        r#"
        select number, sent_at as "sent_at: jiff_sqlx::Timestamp", fingerprint
        from messages
        where conversation_id = $1 and sender_id = $2 and client_message_id = $3
        "#,
        conversation.0,
        sender.0,
        client_message_id,
    )
    .fetch_optional(sql)
    .await?;
    Ok(row.map(|row| Sent {
        number: row.number.cast_unsigned(),
        at: millis(row.sent_at.to_jiff()),
        fingerprint: row.fingerprint,
    }))
}

/// The beginning of a message, and who said it. Blank for a recalled one.
pub(in crate::conversation) async fn excerpt(
    sql: impl PgExecutor<'_>,
    conversation: ConversationId,
    number: u64,
    characters: usize,
) -> Result<Option<(String, Option<Sender>)>> {
    let row = sqlx::query!(
        r#"
        select left(m.text, $3) as "excerpt!", m.sender_id as "sender: UserId", u.kind as "kind?", u.name as "name?",
          case when m.as_shop then c.shop_id end as "shop: ShopId"
        from messages m
        join conversations c on c.id = m.conversation_id
        left join users u on u.id = m.sender_id
        where m.conversation_id = $1 and m.number = $2
        "#,
        conversation.0,
        number.cast_signed(),
        i32::try_from(characters).unwrap_or(i32::MAX),
    )
    .fetch_optional(sql)
    .await?;
    Ok(row.map(|row| {
        let kind = row.kind.as_deref().and_then(UserKind::from_word);
        let sender = row.sender.map(|user| Sender {
            user_id: user.to_string(),
            kind: kind.unwrap_or_default().into(),
            name: row.name.unwrap_or_default(),
            shop_id: row.shop.map(|shop| shop.to_string()).unwrap_or_default(),
        });
        (row.excerpt, sender)
    }))
}

/// How many of these users take part in a conversation now.
pub(in crate::conversation) async fn present(
    sql: impl PgExecutor<'_>,
    conversation: ConversationId,
    users: &[UserId],
) -> Result<usize> {
    let users: Vec<_> = users.iter().map(|user| user.0).collect();
    let present = sqlx::query_scalar!(
        r#"
        select count(*) as "present!"
        from (
          select m.user_id
          from memberships m
          where m.conversation_id = $1 and m.user_id = any ($2) and m.left_number is null
          union
          select p.user_id
          from conversations c
          join posts p on p.shop_id = c.shop_id and p.user_id = any ($2) and 'chat' = any (p.permissions)
          where c.id = $1 and c.kind = 'shop'
        ) here
        "#,
        conversation.0,
        &users,
    )
    .fetch_one(sql)
    .await?;
    Ok(usize::try_from(present).unwrap_or_default())
}
