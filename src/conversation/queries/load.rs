//! Messages as they are shown.

use proto::{Message, Reaction, Sender, UserKind, json::Word as _};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{clock::millis, conversation::wire, id::ConversationId};

struct Row {
    conversation: Uuid,
    number: i64,
    sender: Option<Uuid>,
    sender_kind: Option<String>,
    sender_name: Option<String>,
    speaks_for: Option<Uuid>,
    client_message_id: Option<String>,
    sent_at: jiff_sqlx::Timestamp,
    text: String,
    extra: Option<Vec<u8>>,
    card: Option<Vec<u8>>,
    version: i32,
    revision: i64,
    edited_at: Option<jiff_sqlx::Timestamp>,
    recalled: bool,
    pinned: bool,
    reactions: Option<Json<Vec<Reaction>>>,
}

/// The named messages, in the order of the names and cut off before `bytes` are exceeded: what is missing at the end is
/// for the next page. The first one always comes. Names of nothing are passed over.
pub(in crate::conversation) async fn messages(
    sql: &mut PgConnection,
    conversations: &[Uuid],
    numbers: &[i64],
    bytes: i64,
) -> sqlx::Result<Vec<Message>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
          m.conversation_id as "conversation!", m.number as "number!", m.sender_id as sender,
          u.kind as "sender_kind?", u.name as "sender_name?", case when m.as_shop then c.shop_id end as speaks_for,
          m.client_message_id, m.sent_at as "sent_at!: jiff_sqlx::Timestamp",
          case when m.recalled_at is null then m.text else '' end as "text!",
          case when m.recalled_at is null then m.extra end as extra,
          case when m.recalled_at is null then m.card end as card,
          m.version as "version!", m.revision as "revision!", m.edited_at as "edited_at: jiff_sqlx::Timestamp",
          m.recalled_at is not null as "recalled!", m.pinned_at is not null as "pinned!",
          r.reactions as "reactions: Json<Vec<Reaction>>"
        from (
          select
            n.place, m.*,
            sum(200 + octet_length(m.text) + coalesce(octet_length(m.extra), 0) + coalesce(octet_length(m.card), 0))
              over (order by n.place rows between unbounded preceding and 1 preceding) as before
          from unnest($1::uuid[], $2::bigint[]) with ordinality as n (conversation_id, number, place)
          join messages m on m.conversation_id = n.conversation_id and m.number = n.number
        ) m
        join conversations c on c.id = m.conversation_id
        left join users u on u.id = m.sender_id
        left join lateral (
          select jsonb_agg(jsonb_build_object('emoji', e.emoji, 'count', e.count, 'user_ids', e.first) order by e.since, e.emoji) as reactions
          from (
            select emoji, count(*) as count, min(at) as since, (array_agg(user_id order by at, user_id))[1:20] as first
            from reactions
            where conversation_id = m.conversation_id and number = m.number
            group by emoji
          ) e
        ) r on true
        where coalesce(m.before, 0) < $3
        order by m.place
        "#,
        conversations,
        numbers,
        bytes,
    )
    .fetch_all(sql)
    .await?;
    Ok(rows.into_iter().map(Row::into_message).collect())
}

impl Row {
    fn into_message(self) -> Message {
        let sender = sender(
            self.sender,
            self.sender_kind.as_deref(),
            self.sender_name,
            self.speaks_for,
        );
        Message {
            conversation_id: ConversationId(self.conversation).to_string(),
            number: self.number.cast_unsigned(),
            client_message_id: self.client_message_id.unwrap_or_default(),
            sender,
            sent_at: millis(self.sent_at.to_jiff()),
            version: self.version.cast_unsigned(),
            revision: self.revision.cast_unsigned(),
            edited_at: self.edited_at.map_or(0, |at| millis(at.to_jiff())),
            recalled: self.recalled,
            reactions: self.reactions.map(|Json(list)| list).unwrap_or_default(),
            pinned: self.pinned,
            ..wire::restore(self.text, self.extra.as_deref(), self.card.as_deref())
        }
    }
}

/// Who said something, from the columns of users; nobody: the server itself.
pub(super) fn sender(
    user: Option<Uuid>,
    kind: Option<&str>,
    name: Option<String>,
    shop: Option<Uuid>,
) -> Option<Sender> {
    let kind = kind.and_then(UserKind::from_word).unwrap_or_default();
    Some(Sender {
        user_id: user?.to_string(),
        kind: kind.into(),
        name: name.unwrap_or_default(),
        shop_id: shop.map(|shop| shop.to_string()).unwrap_or_default(),
    })
}
