//! Every statement about browsers that are subscribed, and alerts on their way to them.

mod call;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use proto::{Alert, AlertKind, json::Word as _};
use sqlx::PgExecutor;

pub(super) use self::call::{Moved, call, look, looked, moved};
use super::{WAITING, outbox::SentPush, seal::Keys};
use crate::{
    alert,
    clock::millis,
    error::Result,
    id::{AlertId, CaseId, ConversationId, OrderId, PushId, SessionId, ShopId, UserId},
    store::Tx,
};

/// The sealed key pair, if it was made.
pub(super) async fn key(sql: impl PgExecutor<'_>) -> Result<Option<String>> {
    let sealed = sqlx::query_scalar!("select sealed from push_keys")
        .fetch_optional(sql)
        .await?;
    Ok(sealed)
}

/// Keeps the first key pair, and no other.
pub(super) async fn keep_key(sql: impl PgExecutor<'_>, sealed: &str, public: &str) -> Result<()> {
    sqlx::query!(
        "insert into push_keys (sealed, public) values ($1, $2) on conflict do nothing",
        sealed,
        public
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// The same key pair, sealed anew.
pub(super) async fn reseal(sql: impl PgExecutor<'_>, kept: &str, renewed: &str) -> Result<()> {
    sqlx::query!(
        "update push_keys set sealed = $2 where sealed = $1",
        kept,
        renewed
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// The public half.
pub(super) async fn public_key(sql: impl PgExecutor<'_>) -> Result<String> {
    let public = sqlx::query_scalar!("select public from push_keys")
        .fetch_one(sql)
        .await?;
    Ok(public)
}

/// The session has no other browser any more, and the browser is no other session's.
pub(super) async fn let_go(tx: &mut Tx, session: SessionId, endpoint: &str) -> Result<()> {
    sqlx::query!(
        "delete from push_subscriptions
         where (session_id = $1 or endpoint = $2) and not (session_id = $1 and endpoint = $2)",
        session.0,
        endpoint,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Subscribes a session's browser, or gives it other keys. False if it was another session's a moment ago.
pub(super) async fn subscribe(
    tx: &mut Tx,
    user: UserId,
    session: SessionId,
    (endpoint, keys): (&str, &Keys),
    now: Timestamp,
) -> Result<bool> {
    let kept = sqlx::query!(
        "insert into push_subscriptions as s (session_id, user_id, endpoint, p256dh, auth, created_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (endpoint) do update set p256dh = excluded.p256dh, auth = excluded.auth where s.session_id = $1",
        session.0,
        user.0,
        endpoint,
        keys.public,
        keys.auth,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// Removes a session's browser, with all that waits for it.
pub(super) async fn unsubscribe(sql: impl PgExecutor<'_>, session: SessionId) -> Result<()> {
    sqlx::query!(
        "delete from push_subscriptions where session_id = $1",
        session.0
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// One delivery for each alert and browser of those who may see and want it, of sessions that are not over; none for a browser that [`WAITING`]
/// wait for. At most one for ever, whoever fans out twice.
pub(super) async fn queue(tx: &mut Tx, alerts: &[AlertId], now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into push_deliveries (session_id, alert_id, due_at, created_at)
         select s.session_id, h.alert_id, $2, $2
         from alert_hearers h
         join push_subscriptions s on s.user_id = h.user_id
         join good_sessions g on g.id = s.session_id and g.expires_at > $2
         where h.alert_id = any ($1) and (
           select count(*) from push_deliveries d where d.session_id = s.session_id and d.state = 'waiting'
         ) < $3
         for key share of s
         on conflict (session_id, alert_id) do nothing",
        &alerts.iter().map(|alert| alert.0).collect::<Vec<_>>(),
        now.to_sqlx() as _,
        WAITING,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A delivery that this node brings now.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub id: PushId,
    pub attempt: i32,
    pub session: SessionId,
    pub user: UserId,
    pub endpoint: String,
    pub keys: Keys,
    pub alert: Alert,
    pub raised_at: Timestamp,
    /// They may see it now and want it, have not read it, and the session is not over.
    pub wanted: bool,
}

/// Leases up to `limit` deliveries that are due: of each browser the one that waits longest, and none while one is on its way.
pub(super) async fn take(
    sql: impl PgExecutor<'_>,
    limit: i64,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<Due>> {
    let rows = sqlx::query!(
        r#"
        with picked as (
          select d.id
          from push_deliveries d
          where d.state = 'waiting' and d.due_at <= $1 and (d.leased_until is null or d.leased_until <= $1)
            and not exists (
              select from push_deliveries o
              where o.session_id = d.session_id and o.state = 'waiting' and (o.due_at, o.id) < (d.due_at, d.id)
            )
          order by d.due_at
          limit $3
          for update of d skip locked
        ),
        leased as (
          update push_deliveries d
          set attempt = d.attempt + 1, leased_until = $2
          from picked p
          where d.id = p.id
          returning d.*
        )
        select l.id as "id: PushId", l.attempt,
          s.session_id as "session: SessionId", s.user_id as "user: UserId", s.endpoint, s.p256dh, s.auth,
          a.id as "alert: AlertId", a.kind, a.shop_id as "shop: ShopId", a.conversation_id as "conversation: ConversationId",
          a.order_id as "order: OrderId", a.case_id as "case: CaseId", a.customer_id as "customer: UserId", a.text, a.at as "at: jiff_sqlx::Timestamp",
          exists (select from alert_hearers h where h.alert_id = a.id and h.user_id = s.user_id)
            and exists (select from good_sessions g where g.id = s.session_id and g.expires_at > $1)
            and not exists (select from alerts_read r where r.shop_id = a.shop_id and r.user_id = s.user_id and r.up_to >= a.id)
            as "wanted!"
        from leased l
        join push_subscriptions s on s.session_id = l.session_id
        join alerts a on a.id = l.alert_id
        "#,
        now.to_sqlx() as _,
        until.to_sqlx() as _,
        limit,
    )
    .fetch_all(sql)
    .await?;
    let named = |id: Option<String>| id.unwrap_or_default();
    let kind = |word: &str| AlertKind::from_word(word).unwrap_or_default();
    let due = rows.into_iter().map(|row| Due {
        id: row.id,
        attempt: row.attempt,
        session: row.session,
        user: row.user,
        endpoint: row.endpoint,
        keys: Keys {
            public: row.p256dh,
            auth: row.auth,
        },
        alert: Alert {
            id: row.alert.to_string(),
            kind: kind(&row.kind).into(),
            shop_id: row.shop.to_string(),
            conversation_id: named(row.conversation.map(|id| id.to_string())),
            order_id: named(row.order.map(|id| id.to_string())),
            case_id: named(row.case.map(|id| id.to_string())),
            customer_id: named(row.customer.map(|id| id.to_string())),
            text: row.text,
            at: millis(row.at.to_jiff()),
            sound: alert::sounds(kind(&row.kind)),
        },
        raised_at: row.at.to_jiff(),
        wanted: row.wanted,
    });
    Ok(due.collect())
}

/// What becomes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The browser's service has it.
    Sent,
    /// It was not needed any more.
    Spared,
    /// It is given up.
    Failed,
    /// It is tried again at this time.
    Again(Timestamp),
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Spared => "spared",
            Self::Failed => "failed",
            Self::Again(_) => "waiting",
        }
    }
}

/// Writes down what became of it, unless another attempt has begun since.
pub(super) async fn settle(
    sql: impl PgExecutor<'_>,
    due: &Due,
    outcome: Outcome,
    now: Timestamp,
) -> Result<()> {
    let again = match outcome {
        Outcome::Again(at) => Some(at),
        _ => None,
    };
    sqlx::query!(
        "update push_deliveries
         set state = $3, due_at = coalesce($4, due_at), leased_until = null, settled_at = $5
         where id = $1 and attempt = $2 and state = 'waiting'",
        due.id.0,
        due.attempt,
        outcome.word(),
        again.map(Timestamp::to_sqlx) as _,
        now.to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// The service knows this browser no more: it is forgotten with all that waits for it, unless it has subscribed anew meanwhile.
pub(super) async fn forget_browser(sql: impl PgExecutor<'_>, due: &Due) -> Result<()> {
    sqlx::query!(
        "delete from push_subscriptions where session_id = $1 and endpoint = $2",
        due.session.0,
        due.endpoint,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// The newest hundred that were brought.
pub(super) async fn sent(sql: impl PgExecutor<'_>) -> Result<Vec<SentPush>> {
    let rows = sqlx::query!(
        r#"
        select s.user_id as "user: UserId", u.name, a.text, d.settled_at as "at!: jiff_sqlx::Timestamp"
        from push_deliveries d
        join push_subscriptions s on s.session_id = d.session_id
        join users u on u.id = s.user_id
        join alerts a on a.id = d.alert_id
        where d.state = 'sent'
        order by d.settled_at desc
        limit 100
        "#,
    )
    .fetch_all(sql)
    .await?;
    let sent = rows.into_iter().map(|row| SentPush {
        user: row.user,
        name: row.name,
        text: row.text,
        sent_at: row.at.to_jiff(),
    });
    Ok(sent.collect())
}

/// Removes up to 5,000 deliveries that are older; says how many.
pub(super) async fn forget(sql: impl PgExecutor<'_>, before: Timestamp) -> Result<u64> {
    let forgotten = sqlx::query!(
        "delete from push_deliveries where id in (select id from push_deliveries where created_at < $1 limit 5000)",
        before.to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    Ok(forgotten.rows_affected())
}
