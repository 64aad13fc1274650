//! Every statement about alerts, who has read them and who wants them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use proto::{Alert, AlertKind, json::Word as _};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{COUNTED, raise::NewAlert, sounds};
use crate::{
    actor::Permissions,
    clock::millis,
    error::Result,
    id::{AlertId, CaseId, ConversationId, OrderId, ShopId, UserId},
    store::Tx,
};

/// Keeps an alert.
pub(super) async fn add(tx: &mut Tx, id: AlertId, new: &NewAlert, now: Timestamp) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "insert into alerts (id, shop_id, kind, permission, conversation_id, order_id, case_id, text, at, customer_id, for_user)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        id.0,
        shop.0,
        new.kind.word(),
        new.permission.word(),
        new.conversation.map(|id| id.0),
        new.order.map(|id| id.0),
        new.case.map(|id| id.0),
        new.text,
        now.to_sqlx() as _,
        new.customer.map(|id| id.0),
        new.only.map(|id| id.0),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// What `held` entitles to and `user` wants, below `before`, newest first. Each permission is a look of its own at the index.
pub(super) async fn list(
    tx: &mut Tx,
    user: UserId,
    held: Permissions,
    before: Option<AlertId>,
    limit: i64,
) -> Result<Vec<(AlertId, Alert)>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select a.id as "id!: AlertId", a.kind as "kind!", a.conversation_id as "conversation?: ConversationId",
          a.order_id as "order?: OrderId", a.case_id as "case?: CaseId", a.customer_id as "customer?: UserId",
          a.text as "text!", a.at as "at!: jiff_sqlx::Timestamp"
        from users u
        cross join unnest($3::text[]) as h (permission)
        cross join lateral (
          select *
          from alerts
          where shop_id = $1 and permission = h.permission and ($4::uuid is null or id < $4) and kind <> all (u.unwanted_alerts)
            and (for_user is null or for_user = u.id)
          order by id desc
          limit $5
        ) a
        where u.id = $2
        order by a.id desc
        limit $5
        "#,
        shop.0,
        user.0,
        &held.words(),
        before.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    let named = |id: Option<String>| id.unwrap_or_default();
    let alerts = rows.into_iter().map(|row| {
        let kind = AlertKind::from_word(&row.kind).unwrap_or_default();
        let alert = Alert {
            id: row.id.to_string(),
            kind: kind.into(),
            shop_id: shop.to_string(),
            conversation_id: named(row.conversation.map(|id| id.to_string())),
            order_id: named(row.order.map(|id| id.to_string())),
            case_id: named(row.case.map(|id| id.to_string())),
            customer_id: named(row.customer.map(|id| id.to_string())),
            text: row.text,
            at: millis(row.at.to_jiff()),
            sound: sounds(kind),
        };
        (row.id, alert)
    });
    Ok(alerts.collect())
}

/// How many alerts of each of these shops `user` is entitled to, wants and has not read, up to [`COUNTED`].
pub(super) async fn unread(
    sql: &mut PgConnection,
    user: UserId,
    posts: &[(ShopId, Permissions)],
) -> Result<Vec<(ShopId, u32)>> {
    let held = posts.iter().flat_map(|(shop, held)| {
        let words = held.words().into_iter();
        words.map(move |word| (shop.0, word))
    });
    let (shops, permissions): (Vec<Uuid>, Vec<String>) = held.unzip();
    let rows = sqlx::query!(
        r#"
        select h.shop_id as "shop!: ShopId", least(count(a.id), $4) as "unread!"
        from unnest($2::uuid[], $3::text[]) as h (shop_id, permission)
        join users u on u.id = $1
        left join alerts_read r on r.shop_id = h.shop_id and r.user_id = u.id
        left join lateral (
          select id
          from alerts
          where shop_id = h.shop_id and permission = h.permission and kind <> all (u.unwanted_alerts)
            and (for_user is null or for_user = u.id)
            and id > coalesce(r.up_to, '00000000-0000-0000-0000-000000000000')
          limit $4
        ) a on true
        group by h.shop_id
        "#,
        user.0,
        &shops,
        &permissions,
        COUNTED,
    )
    .fetch_all(sql)
    .await?;
    let count = |unread: i64| u32::try_from(unread).unwrap_or(u32::MAX);
    Ok(rows
        .into_iter()
        .map(|row| (row.shop, count(row.unread)))
        .collect())
}

/// How far `user` has read the shop's alerts.
pub(super) async fn read_up_to(tx: &mut Tx, user: UserId) -> Result<Option<AlertId>> {
    let shop = tx.shop()?;
    let up_to = sqlx::query_scalar!(
        r#"select up_to as "up_to: AlertId" from alerts_read where shop_id = $1 and user_id = $2"#,
        shop.0,
        user.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(up_to)
}

/// `user` has read an alert that `held` entitles to, and all before it. Gives how far they have read now; nothing if there is no
/// such alert.
pub(super) async fn mark_read(
    tx: &mut Tx,
    user: UserId,
    held: Permissions,
    up_to: AlertId,
) -> Result<Option<AlertId>> {
    let shop = tx.shop()?;
    let read = sqlx::query_scalar!(
        r#"
        insert into alerts_read (shop_id, user_id, up_to)
        select shop_id, $2, id
        from alerts
        where id = $3 and shop_id = $1 and permission = any ($4) and (for_user is null or for_user = $2)
        on conflict (shop_id, user_id) do update set up_to = greatest(alerts_read.up_to, excluded.up_to)
        returning up_to as "up_to: AlertId"
        "#,
        shop.0,
        user.0,
        up_to.0,
        &held.words(),
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(read)
}

/// Removes some of what was raised before then; says how many.
pub(super) async fn forget(sql: impl PgExecutor<'_>, before: Timestamp) -> Result<u64> {
    let forgotten = sqlx::query!(
        "delete from alerts where id in (select id from alerts where at < $1 limit 1000)",
        before.to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    Ok(forgotten.rows_affected())
}

/// The kinds of alert that somebody has switched off.
pub(super) async fn unwanted_alerts(sql: impl PgExecutor<'_>, user: UserId) -> Result<Vec<String>> {
    let words = sqlx::query_scalar!("select unwanted_alerts from users where id = $1", user.0)
        .fetch_optional(sql)
        .await?;
    Ok(words.unwrap_or_default())
}

/// Switches these kinds off and all others on.
pub(super) async fn set_unwanted_alerts(tx: &mut Tx, user: UserId, words: &[String]) -> Result<()> {
    sqlx::query!(
        "update users set unwanted_alerts = $2 where id = $1",
        user.0,
        words
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
