//! Calling customers to conversations.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

use crate::error::Result;

/// Queues up to `limit` calls, by an alert for each customer and conversation; says how many. What was said before a browser was subscribed, or
/// before `since`, calls nobody. The words are the group's name, or the shop's: whoever sees a locked screen reads nothing else.
pub(in crate::push) async fn call(
    sql: impl PgExecutor<'_>,
    (now, since): (Timestamp, Timestamp),
    limit: i64,
) -> Result<u64> {
    let called = sqlx::query!(
        "with waiting as (
           select s.session_id, s.user_id, c.id as conversation_id, c.shop_id, c.number
           from push_subscriptions s
           join good_sessions g on g.id = s.session_id and g.expires_at > $1
           join users u on u.id = s.user_id and u.kind = 'customer'
           join memberships m on m.user_id = s.user_id and m.left_number is null
           join conversations c on c.id = m.conversation_id and c.shop_id is not null and c.active_at > $2
           left join read_positions r on r.conversation_id = c.id and r.user_id = s.user_id
           left join push_calls p on p.conversation_id = c.id and p.user_id = s.user_id
           where c.number > greatest(r.number, p.number, 0)
             and exists (
               select from messages x
               where x.conversation_id = c.id and x.number > greatest(r.number, p.number, m.joined_number - 1)
                 and x.sender_id is distinct from s.user_id and x.sent_at >= greatest(s.created_at, $2)
             )
             and not exists (
               select from push_deliveries d
               join alerts a on a.id = d.alert_id and a.kind = 'new_message' and a.conversation_id = c.id
               where d.session_id = s.session_id and d.state in ('waiting', 'sent') and (r.at is null or a.at > r.at)
             )
           limit $3
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
           select gen_random_uuid(), w.shop_id, 'new_message', '', w.conversation_id, coalesce(g.name, h.name), $1, w.user_id
           from (select distinct user_id, conversation_id, shop_id from waiting) w
           join called using (user_id, conversation_id)
           join shops h on h.id = w.shop_id
           left join groups g on g.conversation_id = w.conversation_id
           returning id, conversation_id, for_user
         )
         insert into push_deliveries (session_id, alert_id, due_at, created_at)
         select w.session_id, a.id, $1, $1
         from waiting w
         join raised a on a.conversation_id = w.conversation_id and a.for_user = w.user_id",
        now.to_sqlx() as _,
        since.to_sqlx() as _,
        limit,
    )
    .execute(sql)
    .await?;
    Ok(called.rows_affected())
}
