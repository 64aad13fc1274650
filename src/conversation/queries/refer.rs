//! What a message refers to.

use proto::Quote;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::load::sender;
use crate::{
    clock::millis,
    conversation::load::Name,
    error::Result,
    id::{ConversationId, UserId},
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

/// The beginnings of messages as they are now, and who said them, in the order of the names; nothing in place of a
/// message that does not exist. Blank for a recalled one.
pub(in crate::conversation) async fn excerpts(
    sql: impl PgExecutor<'_>,
    names: &[Name],
    characters: i32,
) -> sqlx::Result<Vec<Quote>> {
    let conversations: Vec<Uuid> = names.iter().map(|name| name.0.0).collect();
    let numbers: Vec<i64> = names.iter().map(|name| name.1.cast_signed()).collect();
    let rows = sqlx::query!(
        r#"
        select n.number as "number!", case when m.recalled_at is null then left(m.text, $3) end as excerpt,
          u.id as "sender?", u.kind as "kind?", u.name as "name?", case when m.as_shop then c.shop_id end as shop
        from unnest($1::uuid[], $2::bigint[]) with ordinality as n (conversation_id, number, place)
        left join messages m on m.conversation_id = n.conversation_id and m.number = n.number
        left join conversations c on c.id = m.conversation_id
        left join users u on u.id = m.sender_id
        order by n.place
        "#,
        &conversations,
        &numbers,
        characters,
    )
    .fetch_all(sql)
    .await?;
    let quotes = rows.into_iter().map(|row| Quote {
        number: row.number.cast_unsigned(),
        excerpt: row.excerpt.unwrap_or_default(),
        sender: sender(row.sender, row.kind.as_deref(), row.name, row.shop),
    });
    Ok(quotes.collect())
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
