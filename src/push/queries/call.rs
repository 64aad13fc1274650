//! Calling customers to conversations.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{error::Result, id::ConversationId};

/// A look at what moved; by the database's clock, the one that wrote the times down.
pub(in crate::push) struct Look {
    pub since: Timestamp,
    pub begun: Timestamp,
}

/// Begins where the last look that succeeded began, and `slack` before; at most `news` ago.
pub(in crate::push) async fn look(
    sql: impl PgExecutor<'_>,
    slack: Duration,
    news: SignedDuration,
) -> Result<Look> {
    let row = sqlx::query!(
        r#"
        select clock_timestamp() as "begun!: SqlTimestamp",
          greatest(up_to - make_interval(secs => $1), clock_timestamp() - make_interval(secs => $2)) as "since!: SqlTimestamp"
        from push_looks
        "#,
        slack.as_secs_f64(),
        news.as_secs_f64(),
    );
    let row = row.fetch_one(sql).await?;
    Ok(Look {
        since: row.since.to_jiff(),
        begun: row.begun.to_jiff(),
    })
}

/// A look that began at this moment has seen all.
pub(in crate::push) async fn looked(sql: impl PgExecutor<'_>, begun: Timestamp) -> Result<()> {
    sqlx::query!(
        "update push_looks set up_to = $1 where up_to < $1",
        begun.to_sqlx() as _
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// A conversation that moved, and when.
#[derive(Clone, Copy)]
pub(in crate::push) struct Moved {
    pub id: ConversationId,
    pub at: Timestamp,
}

/// Up to `limit` conversations of shops that moved later, the first ones first.
pub(in crate::push) async fn moved(
    sql: impl PgExecutor<'_>,
    after: Moved,
    limit: i64,
) -> Result<Vec<Moved>> {
    let rows = sqlx::query!(
        r#"
        select id as "id: ConversationId", active_at as "at: SqlTimestamp"
        from conversations
        where (active_at, id) > ($1, $2) and shop_id is not null
        order by active_at, id
        limit $3
        "#,
        after.at.to_sqlx() as _,
        after.id.0,
        limit,
    );
    let rows = rows.fetch_all(sql).await?.into_iter().map(|row| Moved {
        id: row.id,
        at: row.at.to_jiff(),
    });
    Ok(rows.collect())
}

/// Queues up to `limit` calls to these conversations, and the others of the last customer's browsers, by an alert for each customer and conversation; says how
/// many. What was said before a browser was subscribed, or before `since`, calls nobody. The words are the group's name, or the shop's: whoever sees a
/// locked screen reads nothing else.
///
/// It goes from the conversations to the browsers, step by step (`materialized`): the other way it would begin with all browsers that there are.
pub(in crate::push) async fn call(
    sql: impl PgExecutor<'_>,
    conversations: &[Uuid],
    (now, since): (Timestamp, Timestamp),
    limit: i64,
) -> Result<u64> {
    let called = sqlx::query!(
        "with browsers as materialized (
           select s.session_id, s.user_id, s.created_at, c.id as conversation_id, c.shop_id, c.number, m.joined_number
           from unnest($1::uuid[]) as moved (id)
           join conversations c on c.id = moved.id
           join memberships m on m.conversation_id = c.id and m.left_number is null
           join push_subscriptions s on s.user_id = m.user_id
         ),
         unread as materialized (
           select b.session_id, b.user_id, b.conversation_id, b.shop_id, b.number, r.at as read_at
           from browsers b
           left join read_positions r on r.conversation_id = b.conversation_id and r.user_id = b.user_id
           left join push_calls p on p.conversation_id = b.conversation_id and p.user_id = b.user_id
           cross join lateral (
             select x.sent_at
             from messages x
             where x.conversation_id = b.conversation_id and x.number > greatest(r.number, p.number, b.joined_number - 1)
               and x.sender_id is distinct from b.user_id
             order by x.number desc
             limit 1
           ) said
           where b.number > greatest(r.number, p.number, 0) and said.sent_at >= greatest(b.created_at, $3)
         ),
         waiting as (
           select n.*
           from unread n
           join push_subscriptions s on s.session_id = n.session_id
           join good_sessions g on g.id = n.session_id and g.expires_at > $2
           join users u on u.id = n.user_id and u.kind = 'customer'
           where not exists (
             select from push_deliveries d
             join alerts a on a.id = d.alert_id and a.kind = 'new_message' and a.conversation_id = n.conversation_id
             where d.session_id = n.session_id and d.state in ('waiting', 'sent') and (n.read_at is null or a.at > n.read_at)
           )
           order by n.conversation_id, n.user_id
           fetch first $4 rows with ties
           for key share of s
         ),
         called as (
           insert into push_calls (user_id, conversation_id, number)
           select distinct user_id, conversation_id, number
           from waiting
           on conflict (user_id, conversation_id) do update set number = excluded.number
           where push_calls.number < excluded.number
           returning user_id, conversation_id
         ),
         raised as (
           insert into alerts (id, shop_id, kind, permission, conversation_id, text, at, for_user)
           select gen_random_uuid(), w.shop_id, 'new_message', '', w.conversation_id, coalesce(g.name, h.name), $2, w.user_id
           from (select distinct user_id, conversation_id, shop_id from waiting) w
           join called using (user_id, conversation_id)
           join shops h on h.id = w.shop_id
           left join groups g on g.conversation_id = w.conversation_id
           returning id, conversation_id, for_user
         )
         insert into push_deliveries (session_id, alert_id, due_at, created_at)
         select w.session_id, a.id, $2, $2
         from waiting w
         join raised a on a.conversation_id = w.conversation_id and a.for_user = w.user_id",
        conversations,
        now.to_sqlx() as _,
        since.to_sqlx() as _,
        limit,
    )
    .execute(sql)
    .await?;
    Ok(called.rows_affected())
}
